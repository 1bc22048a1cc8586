"""What a merchant does with a payment: accept it, find it, cancel it.

Accepting is one transaction: the payment with `due_at` now, the first line of its history, and a
message. Whoever dies after its commit has lost nothing: the sweep finds the due row.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids
from zampay.kernel.errors import ZamPayError
from zampay.kernel.money import Money
from zampay.providers import registry
from zampay.providers.contract import Failure, FailureCode
from zampay.tenants import audit
from zampay.transfers import number_limits, queries, transitions
from zampay.transfers.models import IdempotencyKey, Payment
from zampay.transfers.states import Evidence, State

TOKEN_LENGTH = 40
CANCELLED = Failure(FailureCode.CANCELLED, "Cancelled before it was sent to the network.", None)


class PaymentNotFound(ZamPayError):
    """No such payment of this tenant in this mode."""

    code = "payment_not_found"
    status = 404
    title = "There is no such payment"
    advice = "check the `pay_…` id, and whether the key is test or live"


class ExternalIdReused(ZamPayError):
    """The external id stands for another request already."""

    code = "external_id_reused"
    status = 422
    title = "This externalId was used for a different payment"
    advice = "the id is another payment's: look that up, or use a new id"


class IdempotencyKeyReused(ZamPayError):
    """The Idempotency-Key stands for another request already."""

    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used for a different request"
    advice = "a new request needs a new key"


class NotCancellable(ZamPayError):
    """The payment may be with the network already."""

    code = "not_cancellable"
    status = 409
    title = "Only a payment that has not been sent yet can be cancelled"
    advice = "the payment may be with the network; wait for its end"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A merchant's request, normalised: two that mean the same are equal."""

    external_id: str
    amount_minor: int
    currency: str
    msisdn: str
    provider: str
    payer_message: str
    payee_note: str
    metadata: dict[str, str]

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)

    def digest(self) -> str:
        """SHA-256 of the meaning: what has to be equal for a replay."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def accept(
    *,
    tenant_id: str,
    livemode: bool,
    wanted: Wanted,
    idempotency_key: str | None = None,
    request_id: str | None = None,
) -> tuple[Payment, bool]:
    """Take a payment on, once. The second value says whether it is a replay.

    `request_id` goes into the log lines of whoever works on the payment later.

    Raises:
        ExternalIdReused, IdempotencyKeyReused: the id or the key stands for another request.
        TooManyForNumber: a new live payment from a number that has been asked often enough.
    """
    with transaction(tenant_id) as tx:
        payment = _insert(tx, livemode=livemode, wanted=wanted, request_id=request_id)
        replayed = payment is None
        if payment is None:
            payment = _existing(tx, livemode=livemode, wanted=wanted)
        else:
            if livemode:
                number_limits.require_room(tx, wanted.msisdn)
            transitions.record_transition(
                tx, payment, source=None, evidence=Evidence.ACCEPTED, detail="accepted by us"
            )
            tx.enqueue(
                "transfers.submit",
                payment_id=payment.id,
                tenant_id=tenant_id,
                provider=payment.provider,
                livemode=livemode,
            )
        if idempotency_key is not None:
            _bind(tx, idempotency_key, payment)
    return payment, replayed


def cancel(
    *,
    tenant_id: str,
    livemode: bool,
    payment_id: str,
    actor: str = "merchant",
    address: str | None = None,
) -> Payment:
    """End a payment of which nothing has been sent; a second cancel is the same as the first.

    PENDING in our books means that nothing is known to be with the network; where an earlier send
    was ever in doubt, that is not certain enough to promise a merchant.

    Raises:
        PaymentNotFound, NotCancellable.
    """
    with transaction(tenant_id) as tx:
        payment = queries.locked_if_there(tx, payment_id) if ids.is_id("pay", payment_id) else None
        if payment is None or payment.livemode is not livemode:
            raise PaymentNotFound
        already = payment.failure is not None and payment.failure["code"] == FailureCode.CANCELLED
        if (payment.state != State.PENDING or payment.may_have_landed) and not already:
            raise NotCancellable("Ask for its status; it may already be with the payer.")
        if not already:
            audit.record(
                tx,
                action="payment.cancelled",
                actor=actor,
                address=address,
                subject=payment_id,
            )
            transitions.transition(
                tx,
                payment,
                State.FAILED,
                evidence=Evidence.CANCELLED,
                detail="cancelled by the merchant",
                failure=CANCELLED,
            )
    return payment


def _insert(
    tx: Transaction, *, livemode: bool, wanted: Wanted, request_id: str | None
) -> Payment | None:
    """The new row, or None when the external id is taken. A request for the same id that runs at
    the same time is waited for by the unique index, so that fifty at once make one.
    """
    provider = registry.provider(wanted.provider, livemode=livemode)
    values: dict[str, Any] = {
        **asdict(wanted),
        "payment_metadata": wanted.metadata,
        "id": ids.new("pay"),
        "tenant_id": tx.tenant_id,
        "livemode": livemode,
        "request_digest": wanted.digest(),
        "provider_reference": provider.new_reference(),
        "callback_token": ids.secret(TOKEN_LENGTH),
        "state": State.PENDING,
        "position": 1,
        "due_at": tx.now,
        "submissions": 0,
        "polls": 0,
        "in_doubt": False,
        "created_at": tx.now,
        "request_id": request_id,
        "updated_at": tx.now,
    }
    del values["metadata"]
    taken = ["tenant_id", "livemode", "external_id"]
    row = insert(Payment).values(values).on_conflict_do_nothing(index_elements=taken)
    return tx.session.scalar(row.returning(Payment))


def _existing(tx: Transaction, *, livemode: bool, wanted: Wanted) -> Payment:
    payment = queries.payment_by_external_id(tx, wanted.external_id, livemode=livemode)
    assert payment is not None, "the unique index said that it is there"
    if payment.request_digest != wanted.digest():
        raise ExternalIdReused(f"{payment.id} has this externalId; send a new one.")
    return payment


def _bind(tx: Transaction, key: str, payment: Payment) -> None:
    """Let the key stand for this request, unless it stands for another."""
    bound = insert(IdempotencyKey).values(
        tenant_id=tx.tenant_id,
        livemode=payment.livemode,
        key=key,
        request_digest=payment.request_digest,
        payment_id=payment.id,
    )
    new = tx.session.execute(bound.on_conflict_do_nothing().returning(IdempotencyKey.key)).first()
    if new is not None:
        return
    known = queries.idempotency_key(tx, key, livemode=payment.livemode)
    assert known is not None, "the primary key said that it is there"
    if known.request_digest != payment.request_digest:
        raise IdempotencyKeyReused("Send a new key with a new request.")
