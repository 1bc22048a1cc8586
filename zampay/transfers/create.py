"""What a merchant does with a transfer: accept it, find it, cancel it.

Accepting is one transaction: the transfer with `due_at` now, the first line of its history, and a
message. Whoever dies after its commit has lost nothing: the sweep finds the due row.
"""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from zampay.infra.database.db import Transaction, transaction
from zampay.kernel import ids
from zampay.kernel.errors import ZamPayError
from zampay.kernel.money import Money
from zampay.providers import registry
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.profile import Kind
from zampay.tenants import audit
from zampay.transfers import acceptance, kinds, number_limits, queries, transitions
from zampay.transfers.models import Transfer
from zampay.transfers.states import Evidence, State
from zampay.transfers.traces import IdempotencyKey
from zampay.wallets import choosing

TOKEN_LENGTH = 40
CANCELLED = Failure(FailureCode.CANCELLED, "Cancelled before it was sent to the network.", None)


class ExternalIdReused(ZamPayError):
    """The external id stands for another request already."""

    code = "external_id_reused"
    status = 422
    title = "This externalId was used for a different request"
    advice = "the id stands for another request: look that up, or use a new id"


class IdempotencyKeyReused(ZamPayError):
    """The Idempotency-Key stands for another request already."""

    code = "idempotency_key_reused"
    status = 422
    title = "This Idempotency-Key was used for a different request"
    advice = "a new request needs a new key"


class NotCancellable(ZamPayError):
    """The transfer may be with the network already."""

    code = "not_cancellable"
    status = 409
    title = "Only what has not been sent yet can be cancelled"
    advice = "it may be with the network; wait for its end"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A merchant's request, normalised: two that mean the same are equal."""

    kind: Kind
    external_id: str
    amount_minor: int
    currency: str
    msisdn: str
    provider: str
    payer_message: str
    payee_note: str
    metadata: dict[str, str]
    named_wallet: str | None = None

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)

    def digest(self) -> str:
        """SHA-256 of the meaning: what has to be equal for a replay."""
        meant = {name: value for name, value in self.values().items() if value is not None}
        return hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()

    def values(self) -> dict[str, Any]:
        """Each by its name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def accept(
    *,
    tenant_id: str,
    livemode: bool,
    wanted: Wanted,
    idempotency_key: str | None = None,
    request_id: str | None = None,
) -> tuple[Transfer, bool]:
    """Accept a transfer, once. The second value says whether it is a replay.

    `request_id` goes into the log lines of whoever works on the transfer later.

    Raises:
        ExternalIdReused, IdempotencyKeyReused: the id or the key stands for another request.
        NetworkNotAvailable, WalletNotFound, WalletNotActive: there is no wallet for it.
        TooManyForNumber: a new live transfer from a number that has been asked often enough.
    """
    with transaction(tenant_id) as tx:
        transfer = _made(
            tx,
            livemode=livemode,
            wanted=wanted,
            idempotency_key=idempotency_key,
            request_id=request_id,
        )
        if transfer is not None:
            tx.enqueue("transfers.submit", **transfer.message)
            return transfer, False
        transfer = _existing(tx, livemode=livemode, wanted=wanted)
        if idempotency_key is not None:
            _bind(tx, idempotency_key, transfer)
    return transfer, True


def cancel(
    *,
    kind: Kind,
    tenant_id: str,
    livemode: bool,
    transfer_id: str,
    actor: str = "merchant",
    address: str | None = None,
) -> Transfer:
    """End a transfer of which nothing has been sent; a second cancel is the same as the first.

    PENDING in our books means that nothing is known to be with the network; where an earlier send
    was ever in doubt, that is not certain enough to promise a merchant.

    Raises:
        NotCancellable, or what `kinds.py` says where there is none like that.
    """
    with transaction(tenant_id) as tx:
        transfer = queries.found_locked(tx, kind, transfer_id, livemode=livemode)
        already = transfer.failure is not None and transfer.failure["code"] == FailureCode.CANCELLED
        sent = transfer.state != State.PENDING or transfer.may_have_landed
        if not already and (sent or not kinds.RULES[kind].cancellable):
            raise NotCancellable("Ask for its status; it may already be with the payer.")
        if not already:
            audit.record(
                tx,
                action=f"{transfer.kind}.cancelled",
                actor=actor,
                address=address,
                subject=transfer_id,
            )
            transitions.transition(
                tx,
                transfer,
                State.FAILED,
                evidence=Evidence.CANCELLED,
                detail="cancelled by the merchant",
                failure=CANCELLED,
            )
    return transfer


def _made(
    tx: Transaction,
    *,
    livemode: bool,
    wanted: Wanted,
    idempotency_key: str | None,
    request_id: str | None,
) -> Transfer | None:
    """The new transfer, or None when the external id is taken or no wallet is for it."""
    values = _values(tx, livemode=livemode, wanted=wanted, request_id=request_id)
    prompts = livemode and kinds.RULES[wanted.kind].prompts_payer
    made = acceptance.make(
        tx,
        values,
        named_wallet=wanted.named_wallet,
        number_limits=number_limits.limits() if prompts else None,
        idempotency_key=idempotency_key,
    )
    if made is None:
        return None
    if not made.has_room:
        number_limits.refuse()
    transfer = Transfer(
        **acceptance.AT_FIRST,
        transfer_metadata=values.pop("metadata"),
        wallet_id=made.wallet.wallet_id,
        wallet_choice=made.wallet.choice,
        **values,
    )
    if idempotency_key is not None and not made.is_bound:
        _require_own(tx, idempotency_key, transfer)
    return transfer


def _values(
    tx: Transaction, *, livemode: bool, wanted: Wanted, request_id: str | None
) -> dict[str, Any]:
    provider = registry.networks(livemode=livemode)[wanted.provider]
    meant = wanted.values()
    del meant["named_wallet"]
    return {
        **meant,
        "id": ids.new(kinds.RULES[wanted.kind].id_prefix),
        "tenant_id": tx.tenant_id,
        "livemode": livemode,
        "request_digest": wanted.digest(),
        "provider_reference": provider.new_reference(wanted.kind),
        "callback_token": ids.secret(TOKEN_LENGTH),
        "due_at": tx.now,
        "created_at": tx.now,
        "updated_at": tx.now,
        "request_id": request_id,
    }


def _existing(tx: Transaction, *, livemode: bool, wanted: Wanted) -> Transfer:
    transfer = queries.by_external_id(tx, wanted.kind, wanted.external_id, livemode=livemode)
    if transfer is None:
        raise choosing.refusal(tx, wanted.provider, named=wanted.named_wallet, livemode=livemode)
    if transfer.request_digest != wanted.digest():
        raise ExternalIdReused(f"{transfer.id} has this externalId; send a new one.")
    return transfer


def _bind(tx: Transaction, key: str, transfer: Transfer) -> None:
    """Let the key stand for this request, unless it stands for another."""
    bound = insert(IdempotencyKey).values(
        tenant_id=tx.tenant_id,
        livemode=transfer.livemode,
        key=key,
        request_digest=transfer.request_digest,
        transfer_id=transfer.id,
    )
    new = tx.session.execute(bound.on_conflict_do_nothing().returning(IdempotencyKey.key)).first()
    if new is None:
        _require_own(tx, key, transfer)


def _require_own(tx: Transaction, key: str, transfer: Transfer) -> None:
    """Make sure that a key which is bound already stands for this request.

    Raises:
        IdempotencyKeyReused.
    """
    known = queries.idempotency_key(tx, key, livemode=transfer.livemode)
    assert known is not None, "the primary key said that it is there"
    if known.request_digest != transfer.request_digest:
        raise IdempotencyKeyReused("Send a new key with a new request.")
