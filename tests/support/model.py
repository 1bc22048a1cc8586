"""A network with books of its own, and one payment in it: what the stateful test plays with.

The network is faithful to what ours relies on: one reference is charged at most once, and an
ending that it has named stays. Anything else may happen: requests that are lost, or land long
after their answer was given up, answers that come late or never.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork, stored
from tests.support.given import DECLINED_BY_PAYER, LONG, ending
from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    NotSent,
    Order,
    PollAnswer,
    Submission,
    Throttled,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.profile import Kind
from zampay.transfers import create, locked_rows, poll, submit
from zampay.transfers.models import Transfer

NO = Failure(FailureCode.PAYER_NOT_FOUND, "No wallet.", "PAYER_NOT_FOUND")
SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")
Late = Callable[[Transaction, Transfer], object]


class NetworkBooks(ScriptedNetwork):
    """What the network knows: references with their status, and charges per order."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, str] = {}
        self.charges: list[str] = []
        self.under_way: list[Order] = []

    def new_reference(self, kind: Kind) -> str:
        return ids.new(kind)

    def land(self, order: Order) -> None:
        self.known.setdefault(order.reference, "PENDING")

    def settle(self, transfer: Transfer, status: str) -> None:
        """The payer decides; an order that has ended stays as it is."""
        if self.known.get(transfer.provider_reference) == "PENDING":
            self.known[transfer.provider_reference] = status
            if status == "SUCCESSFUL":
                self.charges.append(transfer.id)

    def answer_to(self, order: Order, how: str) -> Submission:
        """What comes back from a request to pay, and what becomes of it in the books.

        `slow` lands after its answer was given up; `held` lands and is answered long after.
        """
        if how in {"accepted", "lost answer"}:
            self.land(order)
        if how == "slow":
            self.under_way.append(order)
        if how == "refused" and order.reference not in self.known:
            return Declined(NO)
        if how == "not sent":
            return NotSent("refused")
        if how in {"accepted", "refused", "held"}:
            return Accepted("202 or 409")
        return InDoubt("no answer", SETUP if how == "our set-up" else None)

    def answer_about(self, order: Order, how: str) -> PollAnswer:
        """What comes back from a poll: the truth, or nothing."""
        if how == "no answer":
            return NoAnswer("timeout")
        if how == "no turn":
            return Throttled("no turn", retry_after_s=1)
        status = self.known.get(order.reference)
        if status is None:
            return NotFound("404")
        failure = DECLINED_BY_PAYER if status == "FAILED" else None
        return replace(ending(status)(order), failure=failure)


class PaymentLife:
    """One payment, its network, and the hands that tests have in their fate."""

    def __init__(
        self, app: Flask, network: NetworkBooks, tenant_id: str, wanted: create.Wanted
    ) -> None:
        self.app, self.network, self.tenant_id = app, network, tenant_id
        app.config["SUBMIT_WINDOW"] = timedelta(hours=1)
        with app.app_context():
            transfer, _ = create.accept(tenant_id=tenant_id, livemode=True, wanted=wanted)
        self.transfer_id = transfer.id
        self.late: list[Late] = []
        self._seen: Transfer | None = None

    @property
    def transfer(self) -> Transfer:
        """The row, read once between two actions."""
        if self._seen is None:
            self._seen = stored(self.app, self.transfer_id)
        return self._seen

    @property
    def is_with_the_payer(self) -> bool:
        return self.network.known.get(self.transfer.provider_reference) == "PENDING"

    def pass_time(self, age: timedelta = timedelta(0)) -> None:
        """The next work falls due, also before its time: no life may depend on how fast it runs.
        `age` goes by since the last send.
        """
        self._seen = None
        row = {
            "due_at": sa.func.now(),
            "submitted_at": Transfer.submitted_at - age,
            "last_byte_at": Transfer.last_byte_at - age,
        }
        with self._transaction() as tx:
            if locked_rows.locked(tx, self.transfer_id).due_at is not None:
                tx.session.execute(
                    sa.update(Transfer).where(Transfer.id == self.transfer_id).values(row)
                )

    def send(self, how: str, *, late: bool = False) -> None:
        """A message for a send runs; a `late` answer waits until `deliver`."""
        self.pass_time()
        with self.app.app_context():
            leased = submit.lease(self.tenant_id, self.transfer_id)
        if leased is None:
            return
        answer = self.network.answer_to(leased.order, how)

        def come_home(tx: Transaction, row: Transfer) -> None:
            if how == "held":
                self.network.land(leased.order)
            submit.record(tx, row, answer, attempt=leased.attempt)

        self._deliver_or_keep(come_home, late=late or how == "held")

    def ask(self, how: str, *, late: bool = False, age: timedelta = timedelta(0)) -> None:
        """A message for a poll runs; a `late` answer waits until `deliver`."""
        self.pass_time(age)
        with self.app.app_context():
            leased = poll.lease(self.tenant_id, self.transfer_id)
        if leased is None:
            return
        answer = self.network.answer_about(leased.order, how)
        self._deliver_or_keep(lambda tx, row: poll.apply(tx, row, answer, leased), late=late)

    def cancel(self) -> None:
        """The merchant tries; whether they may is checked where they may not."""
        self._seen = None
        with self.app.app_context(), contextlib.suppress(create.NotCancellable):
            create.cancel(
                kind=Kind.PAYMENT,
                tenant_id=self.tenant_id,
                livemode=True,
                transfer_id=self.transfer_id,
            )

    def deliver(self) -> None:
        """The oldest answer that was under way comes home."""
        self._seen = None
        with self._transaction() as tx:
            found = locked_rows.locked(tx, self.transfer_id)
            assert found is not None
            self.late.pop(0)(tx, found)

    def _deliver_or_keep(self, answer: Late, *, late: bool) -> None:
        self.late.append(answer)
        if not late:
            self.late.insert(0, self.late.pop())
            self.deliver()

    @contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        with self.app.app_context(), transaction(self.tenant_id) as tx:
            yield tx

    def come_to_rest(self) -> None:
        """Every answer comes home, every request lands, the payer decides, and time goes by."""
        while self.late:
            self.deliver()
        while self.network.under_way:
            self.network.land(self.network.under_way.pop())
        for _ in range(6):
            self.send("accepted")
            self.ask("truth", age=LONG)
            self.ask("no answer")
            self.network.settle(self.transfer, "SUCCESSFUL")
            self.ask("truth", age=LONG)
