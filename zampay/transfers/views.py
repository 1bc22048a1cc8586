"""A transfer as merchants see it, in answers and in events."""

from typing import ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import Moment
from zampay.providers.failures import FailureCode, Retry
from zampay.transfers import states
from zampay.transfers.states import State, Status

STATUSES = [str(status) for status in Status]
STATUS_METADATA = {"type": "string", "enum": STATUSES}
WORDS = {
    "external_id": "Your own id of the order; unique for you, so that repeating is safe.",
    "amount": "Kwacha and ngwee, as text.",
    "currency": "ZMW.",
    "msisdn": "The payer's number: taken as people write it, given back as 260963123400.",
    "provider": "The network; the number's prefix decides unless it is named.",
    "payer_message": "For the payer to read.",
    "payee_note": "For your own statement.",
    "metadata": "Words of your own, given back and never read.",
    "status": "Hand over the goods at SUCCESSFUL and at nothing else.",
    "failure": "Why it failed; null unless it did.",
    "provider_transaction_id": "The network's own id of the movement of money.",
    "completed_at": "When it became SUCCESSFUL or FAILED.",
}


class FailureView(ma.Schema):
    """Why a transfer failed, and whether a new attempt is safe."""

    code = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(list(FailureCode)),
        metadata={"description": "Why; decide by it."},
    )
    message = ma.fields.String(required=True, metadata={"description": "Why, for people."})
    providerCode = ma.fields.String(  # noqa: N815 - as it is stored
        required=True, allow_none=True, metadata={"description": "The network's own word."}
    )
    retry = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(list(Retry)),
        metadata={"description": "Whether a new payment for the order could charge twice."},
    )


class PaymentView(Schema):
    """A transfer as merchants see it."""

    words: ClassVar = WORDS

    id = ma.fields.String(required=True)
    external_id = ma.fields.String(required=True)
    provider = ma.fields.String(required=True)
    livemode = ma.fields.Boolean(required=True)
    amount = ma.fields.Function(
        lambda transfer: str(transfer.money), required=True, metadata={"type": "string"}
    )
    currency = ma.fields.String(required=True)
    msisdn = ma.fields.String(required=True)
    payer_message = ma.fields.String(required=True)
    payee_note = ma.fields.String(required=True)
    metadata = ma.fields.Dict(
        values=ma.fields.String(), attribute="transfer_metadata", required=True
    )
    status = ma.fields.Function(
        lambda transfer: status_of(transfer.state), required=True, metadata=STATUS_METADATA
    )
    failure = ma.fields.Nested(
        FailureView, attribute="current_failure", required=True, allow_none=True
    )
    provider_transaction_id = ma.fields.String(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    completed_at = Moment(required=True, allow_none=True)


def status_of(state: str) -> str:
    """The public face of a stored state."""
    return str(states.RULES[State(state)].status)
