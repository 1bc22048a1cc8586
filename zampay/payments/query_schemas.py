"""What lists of payments take and give, and what ends a test payment."""

import re
from typing import Any, ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import Cursor, Moment, RowCursor, String, Text, page_size
from zampay.kernel import ids
from zampay.payments.schemas import (
    METADATA_KEY_LENGTH,
    METADATA_VALUE_LENGTH,
    ExternalId,
    MobileNumber,
)
from zampay.providers.failures import FailureCode
from zampay.transfers.states import State, Status
from zampay.transfers.views import PaymentView

MOST_VALUES = 20
_ENTRY = re.compile(r"metadata\[(.*)\]", re.DOTALL)
_STATUS = ma.validate.OneOf([str(status) for status in Status])
_NETWORK = ma.validate.Regexp(
    "^[A-Z]{1,16}$", error="must be the code of a network in capitals, as payments show it"
)


def _is_wallet(text: str) -> None:
    if not ids.is_id("wal", text):
        raise ma.ValidationError("must be the id of a wallet: wal_…")


class Either(ma.fields.List[Any]):
    """A filter that may be given more than once: one of the values has to fit."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        try:
            return list(super()._deserialize(value, *args, **kwargs))
        except ma.ValidationError as error:
            raise ma.ValidationError(_of_all_values(error)) from error


class Entries(ma.fields.Field[dict[str, list[str]]]):
    """`metadata[order]=1042`: the wanted values of each name."""

    _NAME: Any = Text(validate=ma.validate.Length(1, METADATA_KEY_LENGTH))
    _VALUES: Any = Either(Text(validate=ma.validate.Length(max=METADATA_VALUE_LENGTH)))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, list[str]]:
        if not isinstance(value, dict):
            raise ma.ValidationError("must name its entry: metadata[order]=1042")
        return {
            self._NAME.deserialize(name): self._VALUES.deserialize(texts)
            for name, texts in value.items()
        }


def _of_all_values(error: ma.ValidationError) -> list[str]:
    """What is wrong with any of the values, each once."""
    found = error.messages_dict.values() if isinstance(error.messages, dict) else [error.messages]
    return list(dict.fromkeys(str(message) for messages in found for message in messages))


def _either(one: ma.fields.Field[Any]) -> Either:
    return Either(one, load_default=None, validate=ma.validate.Length(1, MOST_VALUES))


class PaymentQuery(Schema):
    """Which payments to list: every filter has to fit; one that is given twice means either."""

    words: ClassVar = {
        "external_id": "Your own id of the order.",
        "status": "In this status.",
        "provider": "At this network, by its code.",
        "wallet_id": "Through this wallet of yours.",
        "msisdn": "From this number, however it is written.",
        "provider_transaction_id": "The network's own id of the movement of money.",
        "metadata": "With this entry: `metadata[order]=1042`.",
        "created_from": "Made at this time or later.",
        "created_to": "Made before this time.",
    }

    external_id = _either(ExternalId())
    status = _either(String(validate=_STATUS))
    provider = _either(String(validate=_NETWORK))
    wallet_id = _either(String(validate=_is_wallet))
    msisdn = _either(MobileNumber())
    provider_transaction_id = _either(Text(validate=ma.validate.Length(1, 200)))
    metadata = Entries(
        load_default=dict,
        metadata={"type": "object", "additionalProperties": {"type": "string"}},
    )
    created_from = Moment(load_default=None)
    created_to = Moment(load_default=None)
    limit = page_size()
    after = RowCursor("pay", load_default=None)

    @ma.pre_load
    def _gather_metadata(self, given: Any, **_: Any) -> dict[str, Any]:
        """`metadata[order]=1042` is the entry `order` of `metadata`."""
        plain: dict[str, Any] = {}
        entries: dict[str, list[str]] = {}
        for name in given:
            entry = _ENTRY.fullmatch(name)
            if entry:
                entries[entry[1]] = given.getlist(name)
            else:
                plain[name] = given[name]
        return {**plain, "metadata": entries} if entries else plain


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
