"""Airtel's HTTP: paths, headers, one token, one repeat after it was refused. Knows nothing of
payments.

A dead token answers 401, or 403 with `invalid_token`; any other 403 speaks of our address or of a
product. `X-Country` and `X-Currency` go with every call but the token's.
"""

import json
from collections.abc import Callable
from typing import Any, Final

from zampay.infra.http.outbound import Outbound, Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.http.shared_tokens import TokenCalls
from zampay.providers.airtel import bodies, tokens
from zampay.providers.airtel.settings import Settings
from zampay.providers.airtel.signing import Signer

NAME: Final = "airtel"
COUNTRY, CURRENCY = "ZM", "ZMW"
UNAUTHORIZED, FORBIDDEN = 401, 403
OPERATIONS: Final = ("token", "request_to_pay", "enquiry")


class Client:
    """The collection product of one application."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        http = Outbound(
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
            ca_bundle=settings.ca_bundle,
        )
        self._http = ProviderCalls(NAME, http, OPERATIONS)
        self._token = tokens.shared(settings, self._http)
        self._calls = TokenCalls(
            self._http,
            self._token,
            settings.base_url,
            headers=_common,
            is_refused=is_dead_token,
        )
        self._signer = Signer(self._encryption_keys) if settings.signs else None

    def push(self, body: dict[str, Any], *, is_too_late: Callable[[], bool]) -> Reply:
        """POST /merchant/v1/payments/, unless it is too late when there is a token at last
        (`OutOfTime`).
        """
        content = json.dumps(body, separators=(",", ":")).encode()
        signed = self._signer.headers(content) if self._signer else {}
        headers = {"Content-Type": "application/json", **signed}
        path = self._settings.payments_path
        return self._calls.send("request_to_pay", "POST", path, headers, content, is_too_late)

    def payment(self, reference: str) -> Reply:
        """GET /standard/v1/payments/{our id}: 200 also for a failed payment."""
        return self._calls.send("enquiry", "GET", f"/standard/v1/payments/{reference}")

    def user(self, msisdn: str) -> Reply:
        """GET /standard/v1/users/{nine digits}."""
        return self._calls.send("account_holder", "GET", f"/standard/v1/users/{msisdn}")

    def balance(self) -> Reply:
        """GET /standard/v1/users/balance."""
        return self._calls.send("balance", "GET", "/standard/v1/users/balance")

    def prove_credentials(self) -> None:
        """Ask for a new token.

        Raises:
            NoToken, CredentialsRefused.
        """
        self._token.renew()

    def prove_signing(self) -> None:
        """Where messages are signed: ask for the key.

        Raises:
            NoToken.
        """
        if self._signer:
            self._signer.renew()

    def forget_signing_key(self) -> None:
        """Ask for the key again before the next push."""
        if self._signer:
            self._signer.forget()

    def alarm(self, said: str) -> None:
        """Call for a person: an answer speaks of our set-up, or nobody knows what it means."""
        self._http.alarm(said)

    def _encryption_keys(self) -> Reply:
        return self._calls.send("encryption_keys", "GET", "/v1/rsa/encryption-keys")


def is_dead_token(reply: Reply) -> bool:
    """Whether the token was refused: nothing was done, and a fresh one may help."""
    if reply.status == UNAUTHORIZED:
        return True
    return reply.status == FORBIDDEN and bodies.is_dead_token(reply.text)


def _common(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "X-Country": COUNTRY,
        "X-Currency": CURRENCY,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
