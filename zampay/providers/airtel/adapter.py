"""Airtel behind our contract: translates, and decides nothing but what an answer means.

Two traps: HTTP 200 is not acceptance, because refusals come under it, and a refusal is not a
failure, because the same codes stand for our own faults and for payments that go on. So only a code
that means nothing else is `Declined`.
"""

import hmac
import json
import re
from datetime import timedelta
from typing import Any, Final

import structlog

from zampay.infra.http import pacing
from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken, OutOfTime
from zampay.kernel import ids
from zampay.kernel.findings import Finding
from zampay.providers.airtel import bodies, callback, diagnosis, mapping
from zampay.providers.airtel.client import COUNTRY, CURRENCY, Client, is_dead_token
from zampay.providers.airtel.mapping import Refusal
from zampay.providers.airtel.settings import FIRST_POLL_S, UNKNOWN_GRACE_S, Settings
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Balance,
    CallbackHint,
    CallbackRequest,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    NotSent,
    Order,
    PollAnswer,
    Submission,
    Throttled,
    TooLate,
)
from zampay.providers.profile import Capability, Kind, Profile

CODE: Final = "AIRTEL"
CALLBACK_PATH: Final = "/api/v1/callbacks/airtel/"
APPROVAL_HINT: Final = "The payer answers Airtel Money's prompt on the phone with the PIN."
PREFIXES: Final = ("26097", "26077", "26057")
COUNTRY_CODE: Final = "260"
ID_PREFIX, ID_CHANCE = "zp", 22
REFERENCE: Final = range(4, 25)
OK, FORBIDDEN, TOO_MANY, SERVER_ERROR = 200, 403, 429, 500
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_MINUTES: Final = (60.0,) * 7 + (300.0,) * 10 + (900.0,)
"""After the first poll: every minute for ten, every five to the hour, then every fifteen."""
log = structlog.get_logger()


def profile(settings: Settings | None) -> Profile:
    """What Airtel takes. An id that it does not know is never sent again by itself: the payer would
    be asked a quarter of an hour late.
    """
    first_s = settings.first_poll_s if settings else FIRST_POLL_S
    payments = Capability(
        resend_is_safe=False,
        poll_schedule=tuple(timedelta(seconds=one) for one in (first_s, *_MINUTES)),
        unknown_grace=timedelta(seconds=settings.unknown_grace_s if settings else UNKNOWN_GRACE_S),
    )
    return Profile(
        code=CODE,
        approval_hint=APPROVAL_HINT,
        msisdn_prefixes=PREFIXES,
        currencies=frozenset({CURRENCY}),
        min_amount_minor=settings.min_amount_minor if settings else 100,
        max_amount_minor=settings.max_amount_minor if settings else 100_000_000,
        account=settings.account if settings else "",
        capabilities={Kind.PAYMENT: payments},
    )


class Adapter:
    """The provider contract over Airtel's collection product."""

    def __init__(self, settings: Settings) -> None:
        self.profile = profile(settings)
        self._settings = settings
        self._client = Client(settings)

    def new_reference(self, kind: Kind) -> str:  # noqa: ARG002 - the same for every kind
        """24 letters and digits, 110 bits of them chance. 36 characters of a UUID are refused in
        production.
        """
        return ID_PREFIX + ids.secret(ID_CHANCE)

    def submit(self, order: Order) -> Submission:
        """Push a prompt to the payer's phone. A second push with the same id is a duplicate: it
        landed.
        """
        try:
            reply = self._client.push(_body(order), is_too_late=lambda: order.is_too_late)
        except CredentialsRefused as error:
            return NotSent(f"credentials refused: {error}", refused=mapping.CREDENTIALS)
        except OutOfTime:
            return TooLate()
        except (NoToken, NotConnected) as error:
            return NotSent(str(error))
        except NoReply as error:
            return InDoubt(f"no answer: {error}")
        return self._submission(reply)

    def poll(self, order: Order) -> PollAnswer:
        """Ask by our id, at one pace for all polls with the same credentials."""
        later_s = pacing.wait_for_turn(
            f"airtel:polls:{self._settings.login}", per_second=self._settings.polls_per_s
        )
        if later_s is not None:
            return Throttled("waiting for a turn", retry_after_s=later_s)
        try:
            reply = self._client.payment(order.reference)
        except (NoToken, NotConnected, NoReply) as error:
            return NoAnswer(str(error))
        return self._poll_answer(reply, order.reference)

    def read_callback(self, request: CallbackRequest) -> CallbackHint | None:
        """One address for all payments of the application: the body names the payment."""
        ours = self._settings.callback_token
        if not ours or not hmac.compare_digest(
            request.token.encode("utf-8", "replace"), ours.encode()
        ):
            return None
        named = callback.read(request.read_body(), self._settings.callback_key)
        if self._settings.callback_key:
            log.info("airtel_callback_hash", fits=named.variant)
        return CallbackHint(reference=named.reference, is_verified=named.variant is not None)

    def account_name(self, msisdn: str) -> AccountName | None:
        """Whom the number belongs to: the first name and an initial."""
        try:
            reply = self._client.user(_national(msisdn))
        except (NoToken, NotConnected, NoReply):
            return None
        if reply.status == OK and bodies.says_no_such_user(reply.text):
            return AccountName(None, is_active=False)
        return bodies.account_name(reply.text) if reply.status == OK else None

    def balance(self, kind: Kind) -> Balance | None:  # noqa: ARG002 - one product so far
        """What the wallet holds; Airtel writes it with separators of thousands."""
        try:
            reply = self._client.balance()
        except (NoToken, NotConnected, NoReply):
            return None
        return bodies.balance(reply.text) if reply.status == OK else None

    def diagnose(self) -> list[Finding]:
        """Credentials, products, and whether our callback address leads here."""
        return diagnosis.diagnose(self._settings, self._client, CALLBACK_PATH)

    def _submission(self, reply: Reply) -> Submission:
        """What an answer to a push means."""
        said = _said(reply)
        if reply.status == TOO_MANY:
            return Throttled("too many requests (429)", retry_after_s=reply.retry_after_s)
        if is_dead_token(reply):
            return NotSent(f"token refused: {said}", refused=mapping.CREDENTIALS)
        if reply.status == FORBIDDEN:
            certain = bodies.is_not_for_us(reply.text)
            self._client.alarm(said)
            if certain:
                return NotSent(said, refused=mapping.FORBIDDEN)
            return InDoubt(said, presumed=mapping.FORBIDDEN)
        if reply.status >= SERVER_ERROR:
            return InDoubt(said)  # whatever code is in it
        return self._by_envelope(reply, bodies.answer(reply.text), said)

    def _by_envelope(self, reply: Reply, answer: bodies.Answer, said: str) -> Submission:
        if answer.says_taken:
            return Accepted(f"already with the network: {said}")
        if answer.success:
            return self._by_success(reply, answer, said)
        if answer.says_unknown_number:
            return InDoubt(said, presumed=mapping.PAYER_NOT_FOUND)
        refusal = mapping.refusal(answer.code)
        if refusal is Refusal.FINAL and answer.success is False:
            return Declined(bodies.failure(answer))
        if refusal is Refusal.OUR_SETUP:
            self._client.alarm(said)
            if answer.code in mapping.SIGNATURE:
                self._client.forget_signing_key()
            return InDoubt(said, presumed=mapping.failure(answer.code))
        if refusal is None and answer.success is not None:
            self._client.alarm(said)
        return InDoubt(said)

    def _by_success(self, reply: Reply, answer: bodies.Answer, said: str) -> Submission:
        if reply.status == OK and answer.response_code in mapping.ACCEPTED:
            return Accepted("accepted (200)")
        self._client.alarm(said)
        return InDoubt(said)

    def _poll_answer(self, reply: Reply, reference: str) -> PollAnswer:
        """Only Airtel's own word for an unknown id is NotFound: a gateway's 404 says nothing."""
        if reply.status == TOO_MANY:
            return Throttled("too many requests (429)", retry_after_s=reply.retry_after_s)
        if reply.status >= SERVER_ERROR:
            return NoAnswer(_said(reply))
        found = bodies.result(reply.text, reference) if reply.status == OK else None
        if found is not None:
            if not bodies.is_known(found.provider_status):
                self._client.alarm(f"transaction status {found.provider_status}")
            return found
        if bodies.answer(reply.text).codes & mapping.NOT_FOUND:
            return NotFound("the network does not know the id")
        return NoAnswer(_said(reply))


def _said(reply: Reply) -> str:
    """An answer by its status and codes; its texts may name a person."""
    answer = bodies.answer(reply.text)
    codes = (answer.response_code, answer.result_code)
    return " ".join(["answered", str(reply.status), *filter(None, codes)])


def _body(order: Order) -> dict[str, Any]:
    return {
        "reference": _reference(order.payer_message),
        "subscriber": {
            "country": COUNTRY,
            "currency": CURRENCY,
            "msisdn": _national(order.msisdn),
        },
        "transaction": {
            "amount": json.loads(order.money.shortest()),
            "country": COUNTRY,
            "currency": CURRENCY,
            "id": order.reference,
        },
    }


def _national(msisdn: str) -> str:
    """Nine digits, without the country's code."""
    return msisdn.removeprefix(COUNTRY_CODE)


def _reference(text: str) -> str:
    """What the payer is shown: 4 to 24 letters and digits, and nothing else."""
    plain = _NOT_PLAIN.sub("", text)[: REFERENCE[-1]]
    return plain if len(plain) in REFERENCE else f"Payment{plain}"
