"""What `GET /payments/{id}/events` gives: the history of one payment."""

from typing import ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import Moment
from zampay.kernel.clock import micros
from zampay.payments.schemas import EVIDENCE
from zampay.transfers.views import STATUS_METADATA, STATUSES, status_of


class TransitionView(Schema):
    """One step of a payment's history."""

    called: ClassVar = "PaymentStep"

    words: ClassVar = {
        "position": "1 for the first step.",
        "status": "The status that it moved to.",
        "previous_status": "The status that it moved from; null for the first step.",
        "at": "When it moved.",
        "evidence": "By what it moved.",
        "detail": "The same, for people.",
        "payment_id": "Whose line it is: the hash is taken over it, too.",
        "state": "As it is recorded, finer than the status; the hash is taken over it.",
        "previous_state": "The state before, as it is recorded.",
        "at_micros": "The same time in microseconds since 1970, as the hash is taken over it.",
        "hash": "SHA-256 over this line and the hash before it; `zampay verify-audit` checks it.",
    }

    position = ma.fields.Integer(required=True)
    status = ma.fields.Function(
        lambda move: status_of(move.target), required=True, metadata=STATUS_METADATA
    )
    previous_status = ma.fields.Function(
        lambda move: status_of(move.source) if move.source else None,
        required=True,
        allow_none=True,
        metadata={"type": "string", "enum": [*STATUSES, None]},
    )
    evidence = ma.fields.String(required=True, validate=EVIDENCE)
    detail = ma.fields.String(required=True)
    at = Moment(required=True)
    payment_id = ma.fields.String(required=True, attribute="transfer_id")
    state = ma.fields.String(attribute="target", required=True)
    previous_state = ma.fields.String(attribute="source", required=True, allow_none=True)
    at_micros = ma.fields.Function(
        lambda line: micros(line.at), required=True, metadata={"type": "integer"}
    )
    hash = ma.fields.String(required=True)


class History(Schema):
    """All steps of one payment, oldest first."""

    called: ClassVar = "PaymentHistory"

    data = ma.fields.List(ma.fields.Nested(TransitionView), required=True)
