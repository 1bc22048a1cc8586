"""Payments and the money they moved, in or out: one lock, one thread that ends payments.

A payment becomes SUCCESSFUL and its charge or payout is written under the same lock, so the lists
can neither miss one nor have one twice.
"""

import heapq
import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from zampay.simulators.core.settings import Settings

OPENING_BALANCE = Decimal(1000)
SUCCESSFUL, FAILED = FINAL = ("SUCCESSFUL", "FAILED")
"""The final states of every network. The states before them have the network's names."""


def timestamp() -> str:
    """Now, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(amount: Decimal) -> str:
    """The amount without trailing zeros: "12.50" is "12.5" and "100.00" is "100"."""
    return f"{amount.normalize():f}"


@dataclass(frozen=True)
class Course:
    """From the status `first` to the status `last` (None: it never ends by itself).

    `wait` names the setting that says after how many seconds (None: at once).
    """

    last: str | None = SUCCESSFUL
    reason: str | None = None
    first: str = "PENDING"
    wait: str | None = None

    def seconds(self, settings: Settings) -> float:
        """How long after its creation the payment ends."""
        return float(getattr(settings, self.wait)) if self.wait else 0.0


PAYS = Course(wait="approval_s")


@dataclass(kw_only=True)
class Payment(ABC):
    """One payment; `course` says what becomes of it and when.

    `product` names the balance that it moves. `is_payout`: it lowers the balance, and fails with
    `short_reason` where the balance is too low when it would succeed.
    """

    short_reason: ClassVar[str] = "NOT_ENOUGH_FUNDS"

    reference_id: str
    external_id: str
    msisdn: str
    amount: Decimal
    currency: str
    callback_url: str | None
    course: Course
    product: str = ""
    is_payout: bool = False
    callback_method: str | None = None
    status: str = field(init=False)
    reason: str | None = None
    transaction_id: str | None = None
    final_s: float | None = None
    is_answered: bool = False
    has_callback: bool = False

    def __post_init__(self) -> None:
        self.status = self.course.first

    @abstractmethod
    def shown(self) -> dict[str, Any]:
        """The payment as a poll is answered."""

    def facts(self) -> dict[str, str]:
        """What a fault can be limited to."""
        return {
            "referenceId": self.reference_id,
            "externalId": self.external_id,
            "msisdn": self.msisdn,
        }


@dataclass
class Wallet:
    """All payments by reference; `call_back` is called once per final payment, without the lock."""

    call_back: Callable[[Payment], None]
    charges: list[dict[str, str]] = field(default_factory=list)
    payouts: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._payments: dict[str, Payment] = {}
        self._balances: defaultdict[str, Decimal] = defaultdict(lambda: OPENING_BALANCE)
        self._dropped: set[str] = set()
        self._due: list[tuple[float, int, Payment]] = []
        self._order = itertools.count()
        self._numbers = itertools.count(1_000_000_001)
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="wallet", daemon=True).start()

    def add(self, payment: Payment, wait_s: float) -> bool:
        """Store a payment that ends after `wait_s`; False when its reference is taken."""
        with self._changed:
            if payment.reference_id in self._payments:
                return False
            self._payments[payment.reference_id] = payment
            if wait_s <= 0:
                self._finish(payment)
            else:
                due = (time.monotonic() + wait_s, next(self._order), payment)
                heapq.heappush(self._due, due)
                self._changed.notify_all()
        return True

    def get(self, reference_id: str) -> Payment | None:
        """The payment of this reference."""
        return self._payments.get(reference_id)

    def balance(self, product: str = "") -> Decimal:
        """What the wallet of this product holds: the opening balance and all that moved since."""
        with self._changed:
            return self._balances[product]

    def drop_first(self, reference_id: str) -> bool:
        """Whether this is the first time that the reference is to be dropped."""
        with self._changed:
            first = reference_id not in self._dropped
            self._dropped.add(reference_id)
            return first

    def charge_now(self, payment: Payment) -> None:
        """Move the money at once, if this payment succeeds in the end."""
        with self._changed:
            if payment.course.last == SUCCESSFUL:
                self._settle(payment, SUCCESSFUL, None)

    def settle(self, payment: Payment, status: str, reason: str | None) -> bool:
        """End a payment by hand; False when it has already ended."""
        with self._changed:
            settled = self._settle(payment, status, reason)
        self.call_back_if_ready(payment)
        return settled

    def wait(self, payment: Payment) -> bool:
        """Block until the payment is final; False when it was forgotten meanwhile.

        For a network that answers a request only when the payer has answered.
        """
        with self._changed:
            self._changed.wait_for(lambda: payment.status in FINAL or not self._has(payment))
            return payment.status in FINAL

    def mark_answered(self, payment: Payment) -> None:
        """The client has its answer, or will not get one: now the callback may be sent."""
        payment.is_answered = True
        self.call_back_if_ready(payment)

    def begin_callback(self, payment: Payment) -> bool:
        """Whether the caller has to send the callback: the payment is final and has had none."""
        with self._changed:
            begins = payment.status in FINAL and not payment.has_callback
            payment.has_callback = payment.has_callback or begins
            return begins

    def call_back_if_ready(self, payment: Payment) -> None:
        """Send the callback of a payment that is final and answered, once."""
        if payment.is_answered and self.begin_callback(payment):
            self.call_back(payment)

    def clear(self) -> None:
        """Forget every payment and all money that moved."""
        with self._changed:
            self._payments.clear()
            self._changed.notify_all()
            self._dropped.clear()
            self._due.clear()
            self.charges.clear()
            self.payouts.clear()
            self._balances.clear()

    def copy_of_charges(self) -> list[dict[str, str]]:
        """Every charge so far, oldest first."""
        with self._changed:
            return list(self.charges)

    def copy_of_payouts(self) -> list[dict[str, str]]:
        """Every payout so far, oldest first."""
        with self._changed:
            return list(self.payouts)

    def _finish(self, payment: Payment) -> None:
        if payment.course.last is not None:
            self._settle(payment, payment.course.last, payment.course.reason)

    def _settle(self, payment: Payment, status: str, reason: str | None) -> bool:
        if payment.status in FINAL:
            return False
        if status == SUCCESSFUL and self._is_short(payment):
            status, reason = FAILED, payment.short_reason
        payment.reason, payment.final_s = reason, time.monotonic()
        if status == SUCCESSFUL:
            self._move(payment)
        # Last, because polls read without the lock: a reader of the final status sees the rest.
        payment.status = status
        self._changed.notify_all()
        return True

    def _has(self, payment: Payment) -> bool:
        return self._payments.get(payment.reference_id) is payment

    def _is_short(self, payment: Payment) -> bool:
        return payment.is_payout and self._balances[payment.product] < payment.amount

    def _move(self, payment: Payment) -> None:
        payment.transaction_id = str(next(self._numbers))
        moved = {"amount": plain(payment.amount), "currency": payment.currency}
        if payment.is_payout:
            self._balances[payment.product] -= payment.amount
            paid = {"product": payment.product, "paidAt": timestamp()}
            self.payouts.append({**payment.facts(), **moved, **paid})
        else:
            self._balances[payment.product] += payment.amount
            self.charges.append({**payment.facts(), **moved, "chargedAt": timestamp()})

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._due:
                    self._changed.wait()
                    continue
                wait_s = self._due[0][0] - time.monotonic()
                if wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                payment = heapq.heappop(self._due)[2]
                self._finish(payment)
            self.call_back_if_ready(payment)
