"""Ending a test payment as its merchant asks, so that each of their pages can be tried.

By the same transition as the network's own word: history, event and webhook follow, and the
evidence says that it was a test call. After it the sandbox is not asked any more.
"""

from dataclasses import dataclass

from zampay.infra.database.db import Transaction, transaction
from zampay.kernel.errors import ZamPayError
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.profile import Kind
from zampay.transfers import queries, states, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State


class TestKeyNeeded(ZamPayError):
    """The network alone ends live payments."""

    code = "test_key_needed"
    status = 403
    title = "Only test payments can be ended by a call"
    advice = "the network alone ends live payments: use a test payment and a test key"


class NotFinishable(ZamPayError):
    """The payment has ended in another way already."""

    code = "not_finishable"
    status = 409
    title = "The payment can no longer end like that"
    advice = "the test payment has ended otherwise; make another one"


@dataclass(frozen=True, slots=True)
class Ending:
    """What is asked for; `failure_code` where it is FAILED, None for whichever it has or gets."""

    state: State
    failure_code: FailureCode | None = None

    def is_that_of(self, payment: Transfer) -> bool:
        """Whether the payment has this ending already."""
        if payment.state != self.state:
            return False
        if self.failure_code is None:
            return True
        return payment.failure is not None and payment.failure["code"] == self.failure_code

    @property
    def failure(self) -> Failure | None:
        """What a payment that ends so keeps as its failure."""
        if self.state is not State.FAILED:
            return None
        code = self.failure_code or FailureCode.UNSPECIFIED
        return Failure(code, "The payment was ended by a test call.", None)


def finish(*, tenant_id: str, livemode: bool, transfer_id: str, ending: Ending) -> Transfer:
    """End a test payment, or give it to review; the same request again changes nothing.

    Raises:
        PaymentNotFound: there is none like that with this kind of key.
        TestKeyNeeded: it is a live one.
        NotFinishable: it has ended otherwise.
    """
    with transaction(tenant_id) as tx:
        payment = queries.found_locked(tx, Kind.PAYMENT, transfer_id, livemode=livemode)
        if payment.livemode:
            raise TestKeyNeeded("The network alone says how a live payment ends.")
        if not ending.is_that_of(payment):
            _end(tx, payment, ending)
    return payment


def _end(tx: Transaction, payment: Transfer, ending: Ending) -> None:
    assert not payment.livemode, "no call ends a live payment"
    if not states.is_legal(State(payment.state), ending.state):
        raise NotFinishable(f"It is {payment.state} for good; make another payment.")
    if ending.state is State.IN_REVIEW:
        transitions.plan(payment, tx.now + states.REVIEW_POLL_EVERY)
    if ending.state is State.SUCCESSFUL:
        payment.provider_transaction_id = f"test-{payment.provider_reference[:8]}"
    transitions.transition(
        tx,
        payment,
        ending.state,
        evidence=Evidence.TEST,
        detail="asked for by a test call",
        failure=ending.failure,
    )
