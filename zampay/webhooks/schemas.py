"""What webhook endpoints, deliveries and the event feed take and give."""

from typing import Any, ClassVar

import marshmallow as ma
from flask import current_app

from zampay.infra.web.api import Schema
from zampay.infra.web.fields import (
    MAX_PAGE,
    Cursor,
    Moment,
    RowCursor,
    String,
    Switch,
    Text,
    TextMap,
    page_size,
)
from zampay.webhooks import event_types, url_rules
from zampay.webhooks.models import STATUSES

MOST_HEADERS = 10
MAX_NUMBER = 2**63 - 1
_STATUS = ma.validate.OneOf(STATUSES)
_ENDPOINT_WORDS = {
    "url": "https, port 443 or 8443, a public host.",
    "event_types": "The types that it gets; `*`, the default, is everything.",
    "description": "For you to read.",
    "headers": "Sent along with each webhook; the names are not those that the gateway sets.",
    "enabled": "Whether it is sent anything; enabling again forgets past failures.",
    "disabled_reason": "Why it is off; null when you made it so from the start.",
    "failing_since": "Since when no attempt was answered with 2xx.",
}
_TYPES = [*event_types.ALL, event_types.EVERY]


_ANSWER_WORDS = {
    "delivered": "Whether the answer was 2xx.",
    "answer_status": "The last answer's status; null where there was none.",
    "answer_text": "How the last answer began, or why there was none.",
    "latency_ms": "How long the last attempt took.",
}


class WebhookUrl(String):
    """An address that webhooks may go to."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        url: str = super()._deserialize(value, *args, **kwargs)
        wrong = url_rules.objection_to_url(url, development=current_app.config["IS_DEVELOPMENT"])
        if wrong:
            raise ma.ValidationError(wrong)
        return url


def _headers(**kwargs: Any) -> TextMap:
    return TextMap(
        keys=String(),
        values=String(),
        validate=_no_objection,
        metadata={"maxProperties": MOST_HEADERS, "example": {"X-Shop": "7"}},
        **kwargs,
    )


def _no_objection(headers: dict[str, str]) -> None:
    """In words of our own: the document would call a Length of a dictionary its maxLength."""
    if len(headers) > MOST_HEADERS:
        raise ma.ValidationError(f"must not be more than {MOST_HEADERS}")
    if len({name.lower() for name in headers}) < len(headers):
        raise ma.ValidationError("must not name one twice, in upper and in lower case")
    for name, value in headers.items():
        wrong = url_rules.objection_to_header(name, value)
        if wrong:
            raise ma.ValidationError(wrong)


def _types(**kwargs: Any) -> ma.fields.List[Any]:
    return ma.fields.List(
        String(validate=ma.validate.OneOf(_TYPES)),
        validate=[ma.validate.Length(1, len(_TYPES)), _each_once],
        metadata={"uniqueItems": True},
        **kwargs,
    )


def _each_once(types: list[str]) -> None:
    if len(set(types)) < len(types):
        raise ma.ValidationError("must not name a type twice")


class EndpointRequest(Schema):
    """An endpoint to be made."""

    called: ClassVar = "WebhookEndpointRequest"

    words: ClassVar = _ENDPOINT_WORDS

    url = WebhookUrl(required=True, metadata={"example": "https://shop.example/hooks"})
    event_types = _types(load_default=lambda: [event_types.EVERY])
    description = Text(load_default="", validate=ma.validate.Length(max=200))
    headers = _headers(load_default=dict)
    enabled = Switch(load_default=True)


class EndpointChange(Schema):
    """What is to be different; at least one member."""

    called: ClassVar = "WebhookEndpointChange"

    words: ClassVar = _ENDPOINT_WORDS

    url = WebhookUrl()
    event_types = _types()
    description = Text(validate=ma.validate.Length(max=200))
    headers = _headers()
    enabled = Switch()

    @ma.validates_schema
    def _names_something(self, loaded: dict[str, Any], **_: Any) -> None:
        if not loaded:
            raise ma.ValidationError("name at least one member to change")


class EndpointView(Schema):
    """An endpoint, without its secret."""

    called: ClassVar = "WebhookEndpoint"

    words: ClassVar = _ENDPOINT_WORDS

    id = ma.fields.String(required=True)
    livemode = ma.fields.Boolean(required=True)
    url = ma.fields.String(required=True)
    event_types = ma.fields.List(ma.fields.String(), required=True)
    description = ma.fields.String(required=True)
    headers = ma.fields.Dict(values=ma.fields.String(), required=True)
    enabled = ma.fields.Boolean(required=True)
    disabled_reason = ma.fields.String(required=True, allow_none=True)
    failing_since = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class EndpointWithSecret(EndpointView):
    """An endpoint whose secret is shown this once."""

    called: ClassVar = "WebhookEndpointWithSecret"

    secret = ma.fields.String(required=True, metadata={"description": "Shown once; keep it."})


class Endpoints(Schema):
    """All endpoints of the tenant in this mode."""

    called: ClassVar = "WebhookEndpointList"

    data = ma.fields.List(ma.fields.Nested(EndpointView), required=True)


class Replay(Schema):
    """From when on everything failed or missed is sent again."""

    called: ClassVar = "ReplayRequest"

    words: ClassVar = {"since": "At most 30 days back; what is older is left out."}

    since = Moment(required=True)


class Replayed(Schema):
    """How many events are on their way again."""

    called: ClassVar = "ReplayResult"

    words: ClassVar = {
        "events": "How many are sent again.",
        "has_more": "Whether to ask again for the rest, once these have arrived.",
    }

    events = ma.fields.Integer(required=True)
    has_more = ma.fields.Boolean(required=True)


class TestAnswer(Schema):
    """The answer of an endpoint to a test event."""

    called: ClassVar = "WebhookTestResult"

    words: ClassVar = _ANSWER_WORDS

    delivered = ma.fields.Boolean(required=True)
    answer_status = ma.fields.Integer(required=True, allow_none=True)
    answer_text = ma.fields.String(required=True)
    latency_ms = ma.fields.Integer(required=True)


class DeliveryQuery(Schema):
    """Which page of the delivery log."""

    words: ClassVar = {"status": "Only deliveries in this status."}

    status = ma.fields.String(load_default=None, validate=_STATUS)
    limit = page_size()
    after = RowCursor("whd", load_default=None)


class DeliveryView(Schema):
    """One event owed to one endpoint, and how that went."""

    called: ClassVar = "WebhookDelivery"

    words: ClassVar = _ANSWER_WORDS | {
        "event_id": "The event, and the `webhook-id` of each attempt.",
        "event_type": "What happened.",
        "last_attempt_at": "When the last attempt was made; null before the first.",
        "delivered_at": "When it was answered with 2xx; null until then.",
        "status": "Still owed, answered with 2xx, failed ten times, or no longer wanted.",
        "attempts": "How many there were.",
        "next_attempt_at": "When it is sent next; null unless PENDING.",
    }

    id = ma.fields.String(required=True)
    event_id = ma.fields.String(required=True)
    event_type = ma.fields.String(required=True, validate=ma.validate.OneOf(list(event_types.ALL)))
    sequence = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True, validate=_STATUS)
    attempts = ma.fields.Integer(required=True)
    answer_status = ma.fields.Integer(required=True, allow_none=True)
    answer_text = ma.fields.String(required=True, allow_none=True)
    latency_ms = ma.fields.Integer(required=True, allow_none=True)
    last_attempt_at = Moment(required=True, allow_none=True)
    next_attempt_at = Moment(attribute="due_at", required=True, allow_none=True)
    delivered_at = Moment(required=True, allow_none=True)
    created_at = Moment(required=True)


class DeliveryPage(Schema):
    """A page of the delivery log, newest first."""

    called: ClassVar = "WebhookDeliveryPage"

    data = ma.fields.List(ma.fields.Nested(DeliveryView), required=True)
    has_more = ma.fields.Boolean(required=True)
    next_cursor = Cursor(parts=2, required=True, allow_none=True)


class FeedQuery(Schema):
    """What follows the event with this number."""

    words: ClassVar = {"after": "The `sequence` of the last event that you have."}

    after = ma.fields.Integer(load_default=0, validate=ma.validate.Range(0, MAX_NUMBER))
    limit = ma.fields.Integer(load_default=MAX_PAGE, validate=ma.validate.Range(1, MAX_PAGE))


class EventView(Schema):
    """An event, exactly as its webhook carries it."""

    words: ClassVar = {
        "type": "What happened.",
        "data": "What it happened to, as it was then.",
    }

    id = ma.fields.String(required=True)
    type = ma.fields.String(required=True, validate=ma.validate.OneOf(list(event_types.ALL)))
    sequence = ma.fields.Integer(required=True)
    livemode = ma.fields.Boolean(required=True)
    created_at = Moment(required=True)
    data = ma.fields.Dict(required=True)


class Feed(Schema):
    """Events in the order of their numbers."""

    called: ClassVar = "EventPage"

    data = ma.fields.List(ma.fields.Nested(EventView), required=True)
    has_more = ma.fields.Boolean(required=True)


class Resent(Schema):
    """To how many endpoints an event is on its way again."""

    called: ClassVar = "ResendResult"
    words: ClassVar = {"endpoints": "How many endpoints listen to its type."}

    endpoints = ma.fields.Integer(required=True)
