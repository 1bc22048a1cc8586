"""What stands at the edges in tests: messages that a test runs, a network that a test scripts."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Flask

from zampay.infra.database.after_commit import TaskMessage, TaskQueue
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.kernel import clock
from zampay.kernel.findings import Finding
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Balance,
    CallbackHint,
    CallbackRequest,
    NotFound,
    Order,
    PollAnswer,
    Provider,
    ProviderResult,
    ResultStatus,
    Submission,
)
from zampay.providers.mtn import adapter
from zampay.providers.profile import (
    Capability,
    Kind,
    Profile,
)
from zampay.transfers.models import Transfer
from zampay.transfers.poll import poll as poll_transfer
from zampay.transfers.submit import submit as submit_transfer


class BrokerDown(ConnectionError):
    """What a broker's client raises when the connection is refused."""


class Inline(Executor):
    """Does the work at once, in the thread that asks."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


class HeldQueue:
    """Keeps every message; the test decides when each runs, twice, in which order, or never."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.held: list[TaskMessage] = []
        self.broken = False

    def enqueue(self, message: TaskMessage) -> None:
        if self.broken:
            raise BrokerDown
        self.held.append(message)

    def run(self, message: TaskMessage) -> Any:
        """Run the task of one message, as a worker would."""
        with self._app.app_context():
            return self._app.extensions["celery"].tasks[message.task](**message.arguments)

    def run_all(self) -> None:
        """Run every message held now, and those that they cause, until it is quiet."""
        while self.held:
            self.run(self.held.pop(0))

    def lose_all(self) -> None:
        self.held.clear()

    @property
    def tasks(self) -> list[str]:
        return [message.task for message in self.held]


class ScriptedNetwork:
    """A network that answers from a script, counts what it is asked, and can act in between."""

    def __init__(self) -> None:
        self.profile: Profile = adapter.profile(None)
        self.submissions: list[Order] = []
        self.asked_s: list[float] = []
        self.polls: list[Order] = []
        self.submit_answers: list[Submission | Callable[[Order], Submission]] = []
        self.poll_answers: list[PollAnswer | Callable[[Order], PollAnswer]] = []
        self.findings: list[Finding] = []
        self._references = 0

    @property
    def able(self) -> Capability:
        """What it can do with payments."""
        return self.profile.capabilities[Kind.PAYMENT]

    def may(self, **able: Any) -> None:
        """Let the network be able to do something else with payments than MTN."""
        payments = replace(self.able, **able)
        self.profile = replace(self.profile, capabilities={Kind.PAYMENT: payments})

    def read_callback(self, request: CallbackRequest) -> CallbackHint | None:
        return CallbackHint(token=request.token)

    def account_name(self, msisdn: str) -> AccountName | None:
        return AccountName(None, is_active=msisdn.startswith("260"))

    def balance(self, kind: Kind) -> Balance | None:
        return Balance(f"1000 {kind}", "ZMW")

    def new_reference(self, kind: Kind) -> str:
        self._references += 1
        return f"{kind}-reference-{self._references}"

    def submit(self, order: Order) -> Submission:
        self.submissions.append(order)
        self.asked_s.append(clock.monotonic_s())
        answer = self.submit_answers.pop(0) if self.submit_answers else Accepted("accepted (202)")
        return answer(order) if callable(answer) else answer

    def poll(self, order: Order) -> PollAnswer:
        self.polls.append(order)
        answer = self.poll_answers.pop(0) if self.poll_answers else NotFound("404")
        return answer(order) if callable(answer) else answer

    def diagnose(self) -> list[Finding]:
        return self.findings


if TYPE_CHECKING:

    def _fit(network: ScriptedNetwork, queue: HeldQueue) -> tuple[Provider, TaskQueue]:
        """The types of the fakes are those of what they stand for."""
        return network, queue


def result(status: str, **figures: Any) -> Callable[[Order], ProviderResult]:
    """A script line: the network reports on the order with its own figures."""

    def answer(order: Order) -> ProviderResult:
        says = ProviderResult(
            status=ResultStatus(status),
            provider_status=status,
            amount=order.money.shortest(),
            currency=order.money.currency,
            transfer_id=order.transfer_id,
            provider_transaction_id="1884710816" if status == "SUCCESSFUL" else None,
        )
        return replace(says, **figures)

    return answer


def make_due(
    app: Flask,
    transfer_id: str,
    *,
    age: timedelta = timedelta(0),
    overdue: timedelta = timedelta(0),
) -> None:
    """Let the time of a payment's next work come; `age` moves its past back as well, `overdue` says
    for how long nobody has come for it.
    """
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        row: dict[str, Any] = {"due_at": sa.func.now() - overdue}
        if age:
            for name in ("submitted_at", "last_byte_at", "repoll_at", "planned_at"):
                row[name] = getattr(Transfer, name) - age
        tx.session.execute(sa.update(Transfer).where(Transfer.id == transfer_id).values(row))


def stored(app: Flask, transfer_id: str) -> Transfer:
    """The row as it is in the database."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return tx.session.scalars(sa.select(Transfer).where(Transfer.id == transfer_id)).one()


def submit(app: Flask, transfer: Transfer) -> None:
    with app.app_context():
        submit_transfer(tenant_id=transfer.tenant_id, transfer_id=transfer.id)


def poll(app: Flask, transfer: Transfer) -> None:
    with app.app_context():
        poll_transfer(tenant_id=transfer.tenant_id, transfer_id=transfer.id)
