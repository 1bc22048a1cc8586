"""The document's part about events: one schema for each kind, and `webhooks`, which says what the
gateway sends to merchants.

What a payment looks like is not known here: `zampay.app` names its schema.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from apispec import APISpec

from zampay.webhooks import event_types, examples

_PAYMENT = "PaymentEvent"
_NETWORK = "NetworkEvent"
_DISABLED = "WebhookEndpointDisabledEvent"
_TEST = "WebhookEndpointTestEvent"
_CREATED_AT = "2026-11-27T09:15:31.176Z"
_HEADERS = {
    "webhook-id": "The event's id: the same for each attempt, so that a second one is recognised.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970.",
    "webhook-signature": "`v1,` and the signature in Base64; several, separated by a space.",
}
_DISABLED_MEMBERS = {
    "id": "The endpoint: `whe_…`.",
    "url": "Where it was sent to.",
    "reason": "Why it was switched off.",
}
_TEST_MEMBERS = {"endpointId": "The endpoint: `whe_…`."}
_NETWORK_MEMBERS = {
    "provider": "The network.",
    "walletId": "Your wallet that it is about; null for the gateway's.",
    "state": "`DEGRADED`, `DOWN` or `OPERATIONAL`, as in `GET /networks`.",
    "since": "Since when it is so.",
    "reason": "Why, for people.",
}
_DESCRIPTION = """\
Signed as [Standard Webhooks](https://www.standardwebhooks.com) says; check the signature over the
raw body. Answer any 2xx within 15 seconds. The same event may come twice, and events may come out
of order: keep the highest `sequence` for each payment."""


def describe(spec: APISpec, *, payment: str, data: Mapping[str, Any]) -> None:
    """Complete the document, once every route is in it: `payment` is the name of the schema of a
    payment, `data` has an example for each type of event about a payment or a network.
    """
    envelope = spec.components.schemas["Event"]
    network_types = [event_types.NETWORK_DEGRADED, event_types.NETWORK_RECOVERED]
    kinds = {
        _PAYMENT: ([one for one in data if one not in network_types], _reference(payment)),
        _NETWORK: (network_types, _network()),
        _DISABLED: ([event_types.ENDPOINT_DISABLED], _object(_DISABLED_MEMBERS)),
        _TEST: ([event_types.TEST], _object(_TEST_MEMBERS)),
    }
    for name, (types, carried) in kinds.items():
        spec.components.schema(name, _event(envelope, types, carried))
    spec.components.schemas[_TEST]["properties"]["sequence"] = {
        "type": "null",
        "description": "A test event has no number.",
    }
    numbered = (_PAYMENT, _NETWORK, _DISABLED)
    spec.components.schemas["Event"] = {
        "description": envelope["description"],
        "oneOf": [_reference(name) for name in numbered],
        "discriminator": {
            "propertyName": "type",
            "mapping": {
                one: f"#/components/schemas/{name}" for name in numbered for one in kinds[name][0]
            },
        },
    }
    for name, description in _HEADERS.items():
        header = {"schema": {"type": "string"}, "description": description, "required": True}
        spec.components.parameter(name, "header", header)
    hooks = _webhooks(kinds, data)
    spec.options["webhooks"] = hooks
    _add_example(spec, hooks[event_types.PAYMENT_SUCCESSFUL]["post"]["requestBody"]["content"])


def _add_example(spec: APISpec, content: dict[str, Any]) -> None:
    """Put an event as an example where events are read."""
    event = content["application/json"]["example"]
    shown = {"listEvents": {"data": [event], "hasMore": False}, "getEvent": event}
    for operations in spec.to_dict()["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and operation.get("operationId") in shown:
                answer = operation["responses"]["200"]["content"]["application/json"]
                answer["example"] = shown[operation["operationId"]]


def _webhooks(kinds: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    data = {
        **given,
        event_types.ENDPOINT_DISABLED: examples.ENDPOINT_DISABLED,
        event_types.TEST: examples.ENDPOINT_TESTED,
    }
    summaries = {
        **event_types.ALL,
        event_types.TEST: "A test event, sent because you asked for it.",
    }
    return {
        one: {"post": _webhook(one, summaries[one], name, data[one])}
        for name, (types, _) in kinds.items()
        for one in types
    }


def _webhook(event_type: str, summary: str, schema: str, data: Mapping[str, Any]) -> dict[str, Any]:
    example = {
        "id": examples.EVENT_ID,
        "type": event_type,
        "sequence": None if event_type == event_types.TEST else 1042,
        "livemode": False,
        "createdAt": _CREATED_AT,
        "data": data,
    }
    words = event_type.replace(".", "_").split("_")
    return {
        "operationId": "on" + "".join(word.title() for word in words),
        "summary": summary.rstrip("."),
        "description": _DESCRIPTION.replace("\n", " "),
        "tags": ["webhook-endpoints"],
        "security": [],
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _reference(schema), "example": example}},
        },
        "responses": {
            "2XX": {"description": "Received. Anything else is sent again later."},
            "410": {"description": "Gone: the endpoint is switched off at once."},
        },
    }


def _event(envelope: dict[str, Any], types: list[str], data: dict[str, Any]) -> dict[str, Any]:
    """The envelope of every event, with the types and the data of one kind."""
    kind = deepcopy(envelope)
    kind["properties"]["type"] = {
        "type": "string",
        "enum": types,
        "description": "What happened.",
    }
    described = envelope["properties"]["data"].get("description", "")
    kind["properties"]["data"] = {**data, "description": described}
    return kind


def _object(members: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": words} for name, words in members.items()
        },
        "required": list(members),
        "additionalProperties": False,
    }


def _network() -> dict[str, Any]:
    found = _object(_NETWORK_MEMBERS)
    found["properties"]["walletId"]["type"] = ["string", "null"]
    return found


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
