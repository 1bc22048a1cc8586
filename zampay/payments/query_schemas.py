"""What lists of payments take and give, and what ends a test payment."""

from typing import Any, ClassVar

import marshmallow as ma

from zampay.infra.api import Schema
from zampay.infra.fields import Cursor, Moment, RowCursor, String, page_size
from zampay.payments.schemas import ExternalId, PaymentView
from zampay.payments.states import State, Status
from zampay.providers.contract import FailureCode

STATUS = ma.validate.OneOf([str(status) for status in Status])


class PaymentQuery(Schema):
    """Which payments to list."""

    words: ClassVar = {
        "external_id": "Your own id of the order.",
        "status": "In this status.",
        "provider": "At this network, by its code.",
        "created_from": "Made at this time or later.",
        "created_to": "Made before this time.",
    }

    external_id = ExternalId(load_default=None)
    status = ma.fields.String(load_default=None, validate=STATUS)
    provider = ma.fields.String(load_default=None, validate=ma.validate.Regexp(r"^[A-Za-z]{1,16}$"))
    created_from = Moment(load_default=None)
    created_to = Moment(load_default=None)
    limit = page_size()
    after = RowCursor("pay", load_default=None)


class PaymentPage(Schema):
    """A page of payments, newest first."""

    data = ma.fields.List(ma.fields.Nested(PaymentView), required=True)
    has_more = ma.fields.Boolean(required=True)
    next_cursor = Cursor(parts=2, required=True, allow_none=True)


class FinishRequest(Schema):
    """How a test payment is to end."""

    words: ClassVar = {
        "status": "What it becomes; from IN_REVIEW it can be finished once more.",
        "failure_code": "Why it failed; only with FAILED, where it is `unspecified` unless named.",
    }

    status = String(
        required=True,
        validate=ma.validate.OneOf(
            [str(one) for one in (State.SUCCESSFUL, State.FAILED, State.IN_REVIEW)]
        ),
        metadata={"example": "FAILED"},
    )
    failure_code = String(
        validate=ma.validate.OneOf(list(FailureCode)), metadata={"example": "payer_declined"}
    )

    @ma.validates_schema
    def _names_a_failure_for_failed_only(self, loaded: dict[str, Any], **_: Any) -> None:
        if "failure_code" in loaded and loaded["status"] != State.FAILED:
            raise ma.ValidationError("belongs to FAILED only", "failureCode")
