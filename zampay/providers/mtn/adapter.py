"""MTN behind our contract: translates, and decides nothing but what an answer means."""

import re
import uuid
from datetime import timedelta
from typing import Final

from zampay.infra.http import pacing
from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.shared_tokens import CredentialsRefused, NoToken, OutOfTime
from zampay.kernel import sandbox_numbers
from zampay.kernel.findings import Finding
from zampay.providers import json_text
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
from zampay.providers.mtn import bodies, diagnosis, mapping
from zampay.providers.mtn.client import Client
from zampay.providers.mtn.settings import UNKNOWN_GRACE_S, Settings
from zampay.providers.profile import Capability, Kind, Profile

CODE: Final = "MTN"
CALLBACK_PATH: Final = "/api/v1/callbacks/mtn/"
APPROVAL_HINT: Final = (
    "If the prompt has gone, the payer opens the MTN MoMo menu on the phone, chooses the pending "
    "approvals and enters the PIN."
)
PREFIXES: Final = ("26096", "26076", "26056")
NOTE_LENGTH: Final = 128
OK, ACCEPTED, NOT_FOUND, CONFLICT, TOO_MANY = 200, 202, 404, 409, 429
UNKNOWN_REFERENCE: Final = frozenset({"RESOURCE_NOT_FOUND", "TRANSACTION_NOT_FOUND"})
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 .,-]+")
_CREDENTIALS = mapping.REFUSED_BY_STATUS[401]


def profile(settings: Settings | None) -> Profile:
    """What MTN takes. Its published test numbers and EUR only where its sandbox is the target."""
    sandbox = settings is not None and settings.is_sandbox
    grace_s = settings.unknown_grace_s if settings else UNKNOWN_GRACE_S
    return Profile(
        code=CODE,
        approval_hint=APPROVAL_HINT,
        msisdn_prefixes=(*PREFIXES, sandbox_numbers.PUBLISHED_PREFIX) if sandbox else PREFIXES,
        currencies=frozenset({"EUR", "ZMW"} if sandbox else {"ZMW"}),
        min_amount_minor=settings.min_amount_minor if settings else 1,
        max_amount_minor=settings.max_amount_minor if settings else 100_000_000,
        account=settings.account if settings else "",
        capabilities={Kind.PAYMENT: Capability(unknown_grace=timedelta(seconds=grace_s))},
    )


class Adapter:
    """The provider contract over MTN's collection product."""

    def __init__(self, settings: Settings) -> None:
        self.profile = profile(settings)
        self._settings = settings
        self._client = Client(settings)

    def new_reference(self, kind: Kind) -> str:  # noqa: ARG002 - the same for every kind
        """A UUID version 4, which MTN demands."""
        return str(uuid.uuid4())

    def submit(self, order: Order) -> Submission:
        """Request to pay. A second send under the same reference answers 409: it landed."""
        try:
            reply = self._client.request_to_pay(
                reference=order.reference,
                body=_body(order),
                callback_url=self._callback_url(order),
                is_too_late=lambda: order.is_too_late,
            )
        except CredentialsRefused as error:
            return NotSent(f"credentials refused: {error}", refused=_CREDENTIALS)
        except OutOfTime:
            return TooLate()
        except (NoToken, NotConnected) as error:
            return NotSent(str(error))
        except NoReply as error:
            return InDoubt(f"no answer: {error}")
        return _submission(reply)

    def poll(self, order: Order) -> PollAnswer:
        """Ask by reference, at MTN's pace for all polls with the same credentials."""
        later_s = pacing.wait_for_turn(
            f"mtn:polls:{self._settings.login}", per_second=self._settings.polls_per_s
        )
        if later_s is not None:
            return Throttled("waiting for a turn", retry_after_s=later_s)
        try:
            reply = self._client.payment(order.reference)
        except (NoToken, NotConnected, NoReply) as error:
            return NoAnswer(str(error))
        return _poll_answer(reply)

    def read_callback(self, request: CallbackRequest) -> CallbackHint:
        """Each payment has an address of its own; MTN signs nothing, so the body is not read."""
        return CallbackHint(token=request.token)

    def account_name(self, msisdn: str) -> AccountName | None:
        """Whether the number has an active wallet; this product names nobody."""
        try:
            reply = self._client.account_holder(msisdn)
        except (NoToken, NotConnected, NoReply):
            return None
        if reply.status != OK:
            return None
        found = reply.text.strip().lower()
        answer = {"true": True, "false": False}.get(
            found, json_text.parsed(reply.text).get("result")
        )
        return AccountName(None, answer) if isinstance(answer, bool) else None

    def balance(self, kind: Kind) -> Balance | None:  # noqa: ARG002 - one product so far
        """What the collection wallet holds, as MTN writes it."""
        try:
            reply = self._client.balance()
        except (NoToken, NotConnected, NoReply):
            return None
        body = json_text.parsed(reply.text)
        if reply.status != OK or "availableBalance" not in body:
            return None
        return Balance(str(body["availableBalance"]), str(body.get("currency")))

    def diagnose(self) -> list[Finding]:
        """Credentials, environment, and whether our callback address leads here."""
        return diagnosis.diagnose(self._settings, self._client, CALLBACK_PATH)

    def _callback_url(self, order: Order) -> str | None:
        base = self._settings.callback_base_url
        return f"{base}{CALLBACK_PATH}{order.callback_token}" if base else None


def _body(order: Order) -> dict[str, object]:
    """RequestToPay. Our payment id is its externalId: the key to reconcile reports by."""
    return {
        "amount": order.money.shortest(),
        "currency": order.money.currency,
        "externalId": order.transfer_id,
        "payer": {"partyIdType": "MSISDN", "partyId": order.msisdn},
        "payerMessage": _note(order.payer_message),
        "payeeNote": _note(order.payee_note),
    }


def _note(text: str) -> str:
    """MTN refuses empty notes, notes over 128 characters, apostrophes and special characters."""
    plain = " ".join(_NOT_PLAIN.sub(" ", text).split())[:NOTE_LENGTH].strip()
    return plain or "Payment"


def _submission(reply: Reply) -> Submission:
    """What MTN's answer to a request to pay means. The body decides, in whichever envelope and
    under whichever status it comes; the status decides only where the body has no meaning.
    """
    if reply.status == ACCEPTED:
        return Accepted("accepted (202)")
    code, foreign = bodies.error_code(reply.text), json_text.is_foreign(reply.text)
    bare_conflict = reply.status == CONFLICT and code is None and not foreign
    if bare_conflict or bodies.says_that_it_exists(reply.text):
        return Accepted(f"already with the network ({reply.status})")
    said = f"answered {reply.status} {code or ''}".strip()
    if code in mapping.MEANINGS and code not in UNKNOWN_REFERENCE:
        return _by_code(code, said)
    if reply.status == TOO_MANY:
        return Throttled("too many requests (429)", retry_after_s=reply.retry_after_s)
    refused = mapping.REFUSED_BY_STATUS.get(reply.status)
    if refused is None or code is not None or foreign:
        return InDoubt(said, presumed=refused)
    return Declined(refused)


def _by_code(code: str, said: str) -> Submission:
    match mapping.refusal(code):
        case mapping.Refusal.FINAL:
            return Declined(mapping.failure(code))
        case mapping.Refusal.OUR_SETUP:
            return InDoubt(said, presumed=mapping.failure(code))
        case mapping.Refusal.IN_DOUBT:
            return InDoubt(said)


def _poll_answer(reply: Reply) -> PollAnswer:
    """Only MTN's own word for an unknown reference is NotFound: a gateway's 404 says nothing."""
    if reply.status == NOT_FOUND and bodies.own_code(reply.text) in UNKNOWN_REFERENCE:
        return NotFound("the network does not know the reference (404)")
    found = bodies.result(reply.text) if reply.status == OK else None
    return found or NoAnswer(
        f"answered {reply.status} {bodies.error_code(reply.text) or ''}".strip()
    )
