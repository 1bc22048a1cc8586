"""Zamtel behind our contract: one call that lasts until the customer has answered.

Only two things end a payment: success, and a code that is known to be a no. Anything else is doubt,
and nothing is ever sent a second time.
"""

import re
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from zampay.infra.http import pacing
from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.kernel import clock
from zampay.kernel.findings import Finding
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Balance,
    CallbackHint,
    CallbackRequest,
    InDoubt,
    NoAnswer,
    NotSent,
    Order,
    PollAnswer,
    ProviderResult,
    ResultStatus,
    Submission,
    Throttled,
    TooLate,
)
from zampay.providers.profile import Capability, Kind, Profile
from zampay.providers.zamtel import bodies, diagnosis, mapping
from zampay.providers.zamtel.bodies import Answer
from zampay.providers.zamtel.client import Client
from zampay.providers.zamtel.settings import Settings

CODE: Final = "ZAMTEL"
PREFIXES: Final = ("26095", "26075", "26055")
APPROVAL_HINT: Final = "The payer enters the PIN in the prompt on the phone; it does not come back."
APPROVAL_WINDOW: Final = timedelta(minutes=2)
REVIEW_AFTER: Final = timedelta(minutes=15)
HIDDEN: Final = "•••"
ANOTHER: Final = "another ConversationId"
OK = 200
_RUN = re.compile(r"[A-Za-z0-9]{4,}")


def profile(settings: Settings | None) -> Profile:
    """What Zamtel takes. It can be polled only where Zamtel has given us its enquiry."""
    ours = settings or Settings()
    payments = Capability(
        can_poll=ours.can_poll,
        resend_is_safe=False,
        blocks_for=ours.blocks_for,
        approval_window=APPROVAL_WINDOW,
        max_in_flight=ours.max_in_flight,
        review_after=REVIEW_AFTER,
    )
    return Profile(
        code=CODE,
        approval_hint=APPROVAL_HINT,
        msisdn_prefixes=PREFIXES,
        currencies=frozenset({"ZMW"}),
        min_amount_minor=ours.min_amount_minor,
        max_amount_minor=ours.max_amount_minor,
        account=ours.account if ours.has_wallet else "",
        capabilities={Kind.PAYMENT: payments},
    )


class Adapter:
    """The provider contract over Zamtel's REST interface."""

    def __init__(self, settings: Settings) -> None:
        self.profile = profile(settings)
        self._settings = settings
        self._client = Client(settings)

    def new_reference(self, kind: Kind) -> str:  # noqa: ARG002 - the same for every kind
        """32 hexadecimal digits: a form that others have used as ConversationId."""
        return uuid.uuid4().hex

    def submit(self, order: Order) -> Submission:
        """Ask the customer, and wait. Whatever comes back but a clear word is doubt."""
        if order.is_too_late:
            return TooLate()
        began_s = clock.monotonic_s()
        try:
            reply = self._client.pay(
                msisdn=order.msisdn,
                amount=order.money.shortest(),
                reference=order.reference,
                transfer_id=order.transfer_id,
            )
        except NotConnected as error:
            return NotSent(str(error))
        except NoReply as error:
            return InDoubt(self._evidence(order, began_s, f"no answer ({error})"))
        answer = bodies.answer(reply.text)
        evidence = self._evidence(order, began_s, self._said(reply))
        result = _result(order, answer) if reply.status == OK else None
        if answer.strange:
            self._client.alarm(_without(self._settings.hidden, f"unknown code {answer.strange}"))
        return Accepted(evidence, result) if result else InDoubt(evidence)

    def poll(self, order: Order) -> PollAnswer:
        """Ask by reference. Only "paid" is believed: what else Zamtel may say is not known."""
        if not self._settings.can_poll:
            return NoAnswer("no status enquiry is set up")
        later_s = pacing.wait_for_turn(
            f"zamtel:polls:{self._settings.login}", per_second=self._settings.polls_per_s
        )
        if later_s is not None:
            return Throttled("waiting for a turn", retry_after_s=later_s)
        try:
            reply = self._client.poll(order.reference)
        except (NotConnected, NoReply) as error:
            return NoAnswer(str(error))
        answer = bodies.answer(reply.text)
        if reply.status != OK or not answer.is_paid:
            return NoAnswer(f"answered {self._said(reply)}")
        return ProviderResult(
            status=ResultStatus.SUCCESSFUL,
            provider_status=bodies.PAID,
            provider_transaction_id=answer.first("orderid"),
        )

    def read_callback(self, request: CallbackRequest) -> CallbackHint | None:  # noqa: ARG002
        """Zamtel calls nobody back."""
        return None

    def account_name(self, msisdn: str) -> AccountName | None:  # noqa: ARG002
        """Zamtel names nobody."""
        return None

    def balance(self, kind: Kind) -> Balance | None:  # noqa: ARG002
        """Zamtel does not say what is in a wallet."""
        return None

    def diagnose(self) -> list[Finding]:
        """Whether Zamtel is reached, and whether its enquiry knows us."""
        return diagnosis.diagnose(self._settings, self._client, self.new_reference(Kind.PAYMENT))

    def _evidence(self, order: Order, began_s: float, said: str) -> str:
        """For the history of the payment: what was sent, how long it took, what came back."""
        sent = f"{order.money.shortest()} {order.money.currency}"
        waited_s = clock.monotonic_s() - began_s
        return f"sent {sent}, short code {self._settings.shortcode}; after {waited_s:.1f} s {said}"

    def _said(self, reply: Reply) -> str:
        """An answer in few words, without the secrets that it may give back to us."""
        text = bodies.answer(reply.text).summary or " ".join(reply.text.split())
        return f"{reply.status} {_without(self._settings.hidden, text)}".strip()


def _result(order: Order, answer: Answer) -> ProviderResult | None:
    """The ending that an answer names, or None. An answer about another id does not fit our books:
    the caller finds that by `transfer_id`.
    """
    if answer.code is None:
        return None
    is_paid = answer.code == mapping.SUCCESS
    return ProviderResult(
        status=ResultStatus.SUCCESSFUL if is_paid else ResultStatus.FAILED,
        provider_status=answer.code,
        transfer_id=order.transfer_id if answer.is_about(order.reference) else ANOTHER,
        provider_transaction_id=answer.first("transactionid") if is_paid else None,
        failure=None if is_paid else mapping.failure(answer.code),
    )


def _without(secrets: Iterable[str], text: str) -> str:
    """The text without these, however they are written: what encodes a text changes neither its
    letters nor its digits.
    """
    for secret in secrets:
        for part in (secret, *_RUN.findall(secret)):
            text = text.replace(part, HIDDEN)
    return text
