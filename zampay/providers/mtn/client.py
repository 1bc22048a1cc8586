"""MTN's HTTP: paths, headers, one token, one repeat after a 401. Knows nothing of payments.

Source: MTN Collection OpenAPI export; `X-Callback-Url` must be absent rather than empty, and
`X-Target-Environment` is not sent on the token path.
"""

import json
from collections.abc import Callable
from typing import Any

from zampay.infra.http.outbound import Outbound, Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.http.shared_tokens import TokenCalls
from zampay.providers.mtn import tokens
from zampay.providers.mtn.settings import Settings

NAME = "mtn"
UNAUTHORIZED = 401
OPERATIONS = ("token", "request_to_pay", "enquiry")


class Client:
    """The collection product of one wallet."""

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
            f"{settings.base_url}/collection",
            headers=self._common,
            is_refused=lambda reply: reply.status == UNAUTHORIZED,
        )

    def request_to_pay(
        self,
        *,
        reference: str,
        body: dict[str, Any],
        callback_url: str | None,
        is_too_late: Callable[[], bool],
    ) -> Reply:
        """POST /v1_0/requesttopay under our reference, a UUID version 4, unless it is too late
        when there is a token at last (`OutOfTime`).
        """
        headers = {"X-Reference-Id": reference, "Content-Type": "application/json"}
        if callback_url:
            headers["X-Callback-Url"] = callback_url
        return self._calls.send(
            "request_to_pay",
            "POST",
            "/v1_0/requesttopay",
            headers,
            json.dumps(body).encode(),
            is_too_late,
        )

    def payment(self, reference: str) -> Reply:
        """GET /v1_0/requesttopay/{reference}: 200 also for a failed payment."""
        return self._calls.send("enquiry", "GET", f"/v1_0/requesttopay/{reference}")

    def account_holder(self, msisdn: str) -> Reply:
        """GET /v1_0/accountholder/msisdn/{msisdn}/active; the type is lower case here."""
        path = f"/v1_0/accountholder/msisdn/{msisdn}/active"
        return self._calls.send("account_holder", "GET", path)

    def prove_credentials(self) -> None:
        """Ask for a new token.

        Raises:
            NoToken, CredentialsRefused.
        """
        self._token.renew()

    def balance(self) -> Reply:
        """GET /v1_0/account/balance."""
        return self._calls.send("balance", "GET", "/v1_0/account/balance")

    def _common(self, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "X-Target-Environment": self._settings.target_environment,
            "Ocp-Apim-Subscription-Key": self._settings.subscription_key,
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
