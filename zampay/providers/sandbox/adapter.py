"""The sandbox behind our contract: no state, no network, the same answer in every process.

How a payment ends follows from its number (`zampay.kernel.sandbox_numbers`) and how far it is from
the time since it was accepted, both of which the order carries.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from zampay.kernel import sandbox_numbers
from zampay.kernel.findings import Finding
from zampay.kernel.money import Money
from zampay.kernel.sandbox_numbers import Ending, ending
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Balance,
    CallbackHint,
    CallbackRequest,
    Declined,
    InDoubt,
    NotFound,
    Order,
    PollAnswer,
    ProviderResult,
    ResultStatus,
    Submission,
    TooLate,
)
from zampay.providers.failures import Failure
from zampay.providers.profile import Capability, Kind, Profile

PAYS_AFTER = timedelta(seconds=1.5)
DELAYED_PAYS_AFTER = timedelta(seconds=20)

DOUBTS = {
    Ending.ANSWER_LOST_AFTER_CHARGE,
    Ending.RESET_BEFORE_STORING,
    Ending.ERROR_AFTER_CHARGE,
    *sandbox_numbers.UNAVAILABLE,
}
UNKNOWN = sandbox_numbers.REFUSED | sandbox_numbers.UNAVAILABLE
"""Endings of which the network never has a payment."""


class Adapter:
    """Stands in for the network whose profile it is given; `failure_at` is that network's own word
    for an ending, so that a test payment fails in the words of a live one.
    """

    def __init__(self, profile: Profile, failure_at: Callable[[Ending], Failure | None]) -> None:
        usual = {
            kind: Capability(approval_window=one.approval_window)
            for kind, one in profile.capabilities.items()
        }
        self.profile = replace(profile, account="", capabilities=usual)
        self._failure_at = failure_at

    def new_reference(self, kind: Kind) -> str:  # noqa: ARG002 - the same for every kind
        """A UUID version 4."""
        return str(uuid.uuid4())

    def read_callback(self, request: CallbackRequest) -> CallbackHint:
        """It calls nobody back; for a network that is not configured it finds what was sent."""
        return CallbackHint(token=request.token)

    def account_name(self, msisdn: str) -> AccountName | None:  # noqa: ARG002 - nobody is there
        """It knows no names."""
        return None

    def balance(self, kind: Kind) -> Balance | None:  # noqa: ARG002 - it holds no money
        """It holds no money."""
        return None

    def diagnose(self) -> list[Finding]:
        """Nothing can be wrong with it."""
        return []

    def submit(self, order: Order) -> Submission:
        """Accepted, refused or in doubt, as the number says."""
        if order.is_too_late:
            return TooLate()
        end, failure = self._end(order)
        if failure is not None and end in sandbox_numbers.REFUSED:
            return Declined(failure)
        if end in DOUBTS:
            return InDoubt("no answer (sandbox)")
        return Accepted("accepted (sandbox)")

    def poll(self, order: Order) -> PollAnswer:
        """PENDING until the time is up, then the ending; what it refuses it never knows."""
        end, failure = self._end(order)
        if end in UNKNOWN:
            return NotFound("the sandbox does not know the reference")
        remaining = _pays_after(end) - (order.now - order.accepted_at)
        if end is Ending.ONGOING:
            return _report(order, ResultStatus.PENDING)
        if remaining > timedelta(0):
            return replace(_report(order, ResultStatus.PENDING), poll_after=remaining)
        if failure is not None:
            return replace(_report(order, ResultStatus.FAILED), failure=failure)
        paid = _report(order, ResultStatus.SUCCESSFUL)
        if end is Ending.FIGURES_DIFFER:
            more = Money(order.money.amount_minor + 100, order.money.currency)
            return replace(paid, amount=more.shortest())
        return paid

    def _end(self, order: Order) -> tuple[Ending | None, Failure | None]:
        """How the number ends and the network's word for it; a number whose ending the network does
        not know pays.
        """
        end = ending(order.msisdn)
        if end is None or end not in sandbox_numbers.FAILS | sandbox_numbers.REFUSED:
            return end, None
        failure = self._failure_at(end)
        return (end, failure) if failure else (None, None)


def _pays_after(end: Ending | None) -> timedelta:
    return DELAYED_PAYS_AFTER if end is Ending.DELAYED else PAYS_AFTER


def _report(order: Order, status: ResultStatus) -> ProviderResult:
    paid = status is ResultStatus.SUCCESSFUL
    return ProviderResult(
        status=status,
        provider_status=status,
        amount=order.money.shortest(),
        currency=order.money.currency,
        transfer_id=order.transfer_id,
        provider_transaction_id=f"sandbox-{order.reference[:8]}" if paid else None,
    )
