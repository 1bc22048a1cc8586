"""Payments and the money they moved: one lock, one journal, one thread that ends what is due.

A charge is journalled in the same breath in which its payment becomes SUCCESSFUL, so the journal
can neither miss a charge nor know one twice.
"""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

FINAL = ("SUCCESSFUL", "FAILED")
OPENING_BALANCE = Decimal(1000)


def timestamp() -> str:
    """Now, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(amount: Decimal) -> str:
    """The amount as MTN gives it back: "12.50" is "12.5" and "100.00" is "100"."""
    return f"{amount.normalize():f}"


@dataclass(kw_only=True)
class Payment:
    """One request to pay; `last`, `reason` and `due_s` say what becomes of it and when."""

    reference_id: str
    external_id: str
    amount: Decimal
    currency: str
    payer: dict[str, str]
    payer_message: str
    payee_note: str
    user_id: str
    callback_url: str | None
    status: str
    last: str | None
    last_reason: str | None
    reason: str | None = None
    transaction_id: str | None = None
    final_s: float | None = None
    answered: bool = False
    announced: bool = False
    notified: bool = False

    @property
    def msisdn(self) -> str:
        """The payer's number."""
        return self.payer["partyId"]

    def facts(self) -> dict[str, str]:
        """What a fault can be narrowed to."""
        return {
            "referenceId": self.reference_id,
            "externalId": self.external_id,
            "msisdn": self.msisdn,
        }


@dataclass
class Wallet:
    """All payments by reference; `announce` is called once per final payment, without the lock."""

    announce: Callable[[Payment], None]
    balance: Decimal = OPENING_BALANCE
    charges: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._payments: dict[str, Payment] = {}
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
            if payment.last is not None and wait_s <= 0:
                self._settle(payment, payment.last, payment.last_reason)
            elif payment.last is not None:
                due = (time.monotonic() + wait_s, next(self._order), payment)
                heapq.heappush(self._due, due)
                self._changed.notify()
        return True

    def get(self, reference_id: str) -> Payment | None:
        """The payment of this reference."""
        return self._payments.get(reference_id)

    def drop_first(self, reference_id: str) -> bool:
        """Whether this is the first time that the reference is to be dropped."""
        with self._changed:
            first = reference_id not in self._dropped
            self._dropped.add(reference_id)
            return first

    def charge_now(self, payment: Payment) -> None:
        """Move the money at once, if this payment is one that will ever succeed."""
        with self._changed:
            if payment.last == "SUCCESSFUL":
                self._settle(payment, "SUCCESSFUL", None)

    def settle(self, payment: Payment, status: str, reason: str | None) -> bool:
        """End a payment by hand; False when it has ended already."""
        with self._changed:
            settled = self._settle(payment, status, reason)
        self.announce_if_ready(payment)
        return settled

    def answered(self, payment: Payment) -> None:
        """The client has its answer (or will not get one): from now on callbacks may go."""
        payment.answered = True
        self.announce_if_ready(payment)

    def notify(self, payment: Payment) -> bool:
        """Whether this is the first delivery notification of the payment."""
        with self._changed:
            first, payment.notified = not payment.notified, True
            return first

    def claim_announcement(self, payment: Payment) -> bool:
        """Whether the caller is the one that has to send this payment's callback."""
        with self._changed:
            ready = payment.status in FINAL and not payment.announced
            payment.announced = payment.announced or ready
            return ready

    def announce_if_ready(self, payment: Payment) -> None:
        """Announce a payment that is final and answered, once."""
        if payment.answered and self.claim_announcement(payment):
            self.announce(payment)

    def clear(self) -> None:
        """Forget every payment and every charge."""
        with self._changed:
            self._payments.clear()
            self._dropped.clear()
            self._due.clear()
            self.charges.clear()
            self.balance = OPENING_BALANCE

    def copy_of_charges(self) -> list[dict[str, str]]:
        """Every charge so far, oldest first."""
        with self._changed:
            return list(self.charges)

    def _settle(self, payment: Payment, status: str, reason: str | None) -> bool:
        if payment.status in FINAL:
            return False
        payment.reason, payment.final_s = reason, time.monotonic()
        if status == "SUCCESSFUL":
            self._charge(payment)
        # Last, because enquiries read without the lock: who sees the end sees all of it.
        payment.status = status
        return True

    def _charge(self, payment: Payment) -> None:
        payment.transaction_id = str(next(self._numbers))
        self.balance += payment.amount
        charge = {"amount": plain(payment.amount), "currency": payment.currency}
        self.charges.append({**payment.facts(), **charge, "chargedAt": timestamp()})

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
                if payment.last is not None:
                    self._settle(payment, payment.last, payment.last_reason)
            self.announce_if_ready(payment)
