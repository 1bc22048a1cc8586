"""What payments take and give."""

import re
from typing import Any, ClassVar

import marshmallow as ma

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import Moment, String, Text, TextMap
from zampay.kernel import msisdn
from zampay.kernel.money import Money, NotMoney
from zampay.providers import registry
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers.states import Evidence, NextAction
from zampay.transfers.views import STATUS_METADATA, WORDS, status_of
from zampay.wallets.models import Choice

METADATA_KEYS = 20
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500
NOTE_LENGTH = 128
EXTERNAL_ID = re.compile(r"[\x21-\x7e]{1,128}")
NEW_ATTEMPT = (
    "Whether a new payment for the same order, under a new `externalId`, could charge twice. "
    "`safe`: it could not. `unsafe`: it could; make none. `wait_until`: it could; make none, and "
    "ask this question again at `waitUntil`: the time makes nothing safe by itself."
)
WAIT_UNTIL = "When to ask this question again; asking before is pointless. Not a time to pay again."
EVIDENCE = ma.validate.OneOf(list(Evidence))


def _has_few_keys(metadata: dict[str, str]) -> None:
    """In words of our own: the document would call a Length of a dictionary its maxLength."""
    if len(metadata) > METADATA_KEYS:
        raise ma.ValidationError(f"must not have more than {METADATA_KEYS} keys")


class ExternalId(String):
    """A merchant's own id: 1 to 128 printable ASCII characters without spaces."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if not EXTERNAL_ID.fullmatch(text):
            raise ma.ValidationError("must be 1 to 128 printable ASCII characters without spaces")
        return text


class MobileNumber(String):
    """A Zambian mobile number as people write it; twelve digits inside."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        try:
            return msisdn.parse(super()._deserialize(value, *args, **kwargs))
        except msisdn.NotMobileNumber as error:
            raise ma.ValidationError(str(error)) from error


class Amount(String):
    """Money as text: a number would lose its decimals on the way through somebody's floats."""

    def as_text(self, value: Any) -> str:
        """`send it as text: "12.50"`, where the number can be written as an amount."""
        try:
            shown = "" if isinstance(value, bool) else str(Money.parse(str(value), "ZMW"))
        except NotMoney:
            shown = ""
        return f'send it as text: "{shown}"' if shown else 'send it as text, such as "12.50"'


class PaymentRequest(Schema):
    """A request for money."""

    words: ClassVar = WORDS

    external_id = ExternalId(
        required=True, metadata={"example": "order-1042", "pattern": "^[!-~]{1,128}$"}
    )
    amount = Amount(
        required=True,
        metadata={"example": "12.50", "pattern": r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"},
    )
    currency = String(load_default="ZMW", metadata={"example": "ZMW"})
    msisdn = MobileNumber(required=True, metadata={"example": "260963123400"})
    provider = String(
        load_default=None, allow_none=True, metadata={"example": registry.IN_EXAMPLES}
    )
    wallet_id = String(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "One of your own wallets at the payment's network; your oldest active "
            "one there unless it is named."
        },
    )
    payer_message = Text(load_default="", validate=ma.validate.Length(max=NOTE_LENGTH))
    payee_note = Text(load_default="", validate=ma.validate.Length(max=NOTE_LENGTH))
    metadata = TextMap(
        keys=Text(validate=ma.validate.Length(1, METADATA_KEY_LENGTH)),
        values=Text(validate=ma.validate.Length(max=METADATA_VALUE_LENGTH)),
        load_default=dict,
        validate=_has_few_keys,
        metadata={"example": {"table": "7"}, "maxProperties": METADATA_KEYS},
    )

    @ma.validates_schema(skip_on_field_errors=False)
    def _has_money(self, loaded: dict[str, Any], **_: Any) -> None:
        """Amount and currency are judged together, also when other fields are wrong."""
        if "amount" not in loaded or "currency" not in loaded:
            return
        try:
            Money.parse(loaded["amount"], loaded["currency"])
        except NotMoney as error:
            field = "currency" if loaded["currency"] in str(error) else "amount"
            raise ma.ValidationError({field: [str(error)]}) from error


class Said(Schema):
    """What the network said (of a test payment: the sandbox in its place), and when."""

    called: ClassVar = "NetworkAnswer"
    words: ClassVar = {
        "at": "When it said so.",
        "evidence": "How it was learnt.",
        "detail": "What it said, for people.",
    }

    at = Moment(required=True)
    evidence = ma.fields.String(required=True, validate=EVIDENCE)
    detail = ma.fields.String(required=True)


class ExplanationView(Schema):
    """Why a payment stands where it stands, what happens next, and what a new attempt risks."""

    words: ClassVar = {
        "status": WORDS["status"],
        "asked_times": "How often the network was asked to take the money, under one reference.",
        "asked_at": "When the network was last asked to take it; null if never.",
        "wallet_id": "Your wallet that it goes through; null for the gateway's own.",
        "wallet_choice": (
            "Why it is that wallet: `named` by the request; `own`, your oldest active one at the "
            "network; `shared`, the gateway's, because you have none there; `sandbox` in test mode."
        ),
        "provider_reference": "Our reference at the network: what its support wants to know.",
        "callbacks": "How many callbacks of the network came for it.",
        "last_callback_at": "When the last one came; null if none did.",
        "next_action": "What the gateway does next; null when it is final.",
        "next_action_at": "When it does so, at the latest.",
        "payer_hint": "What to tell the payer while the payment waits for them; null otherwise.",
    }

    id = ma.fields.String(attribute="payment.id", required=True)
    status = ma.fields.Function(
        lambda found: status_of(found.payment.state), required=True, metadata=STATUS_METADATA
    )
    sentence = ma.fields.String(
        required=True, metadata={"description": "For people; its words may change."}
    )
    asked_times = ma.fields.Integer(attribute="payment.submissions", required=True)
    asked_at = Moment(attribute="payment.submitted_at", required=True, allow_none=True)
    wallet_id = ma.fields.Function(
        lambda found: None if found.payment.wallet_id == DEPLOYMENT else found.payment.wallet_id,
        required=True,
        allow_none=True,
        metadata={"type": "string"},
    )
    wallet_choice = ma.fields.String(
        attribute="payment.wallet_choice", required=True, validate=ma.validate.OneOf(list(Choice))
    )
    provider_reference = ma.fields.String(attribute="payment.provider_reference", required=True)
    network_said = ma.fields.Nested(
        Said,
        required=True,
        allow_none=True,
        metadata={"description": "The network's last word on this payment; null if it gave none."},
    )
    callbacks = ma.fields.Integer(required=True)
    last_callback_at = Moment(required=True, allow_none=True)
    next_action = ma.fields.String(
        required=True, allow_none=True, validate=ma.validate.OneOf(list(NextAction))
    )
    next_action_at = Moment(attribute="payment.due_at", required=True, allow_none=True)
    payer_hint = ma.fields.String(required=True, allow_none=True)
    new_attempt = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["safe", "unsafe", "wait_until"]),
        metadata={"description": NEW_ATTEMPT},
    )
    wait_until = Moment(required=True, allow_none=True, metadata={"description": WAIT_UNTIL})
