"""The document says in words what everything is, with names that generators can use, and shows what
answers look like.
"""

import re
from collections.abc import Iterator
from typing import Any

import openapi_schema_validator
import pytest

from tests.support.openapi_document import (
    API,
    SCHEMAS,
    operations,
    parameters,
    resolved,
    webhooks,
    without_references,
)
from zampay.infra.web import problems
from zampay.webhooks import event_types

OPERATIONS = list(operations())
NAMES = [operation["operationId"] for _, _, operation in OPERATIONS]


def described() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every member of every object."""
    for name, schema in SCHEMAS.items():
        for member, its_schema in schema.get("properties", {}).items():
            yield f"{name}.{member}", its_schema


def examples_of(content: dict[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    return [one["value"] for one in content.get("examples", {}).values()]


def answers_with_a_body() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{operation['operationId']} {status}", content)
        for _, _, operation in OPERATIONS
        for status, answer in operation["responses"].items()
        for content in resolved(answer).get("content", {}).values()
    ]


def test_every_operation_has_a_name_of_its_own() -> None:
    assert len(NAMES) == len(set(NAMES)) == len(OPERATIONS)
    assert [name for name in NAMES if not re.fullmatch("[a-z]+([A-Z][a-z]+)*", name)] == []
    assert {"register", "createPayment", "listPayments", "getPayment", "listEvents"} <= set(NAMES)


@pytest.mark.parametrize("text", ["summary", "description"])
def test_every_operation_is_put_into_words(text: str) -> None:
    told = [*OPERATIONS, *(("post", name, webhook) for name, webhook in webhooks())]
    assert [path for _, path, operation in told if not operation.get(text)] == []


def test_every_tag_is_put_into_words() -> None:
    used = {tag for _, _, operation in OPERATIONS for tag in operation["tags"]}
    assert {tag["name"] for tag in API["tags"] if tag.get("description")} == used


def test_every_member_is_put_into_words() -> None:
    assert [name for name, member in described() if not member.get("description")] == []


def test_every_object_is_put_into_words() -> None:
    assert [name for name, schema in SCHEMAS.items() if not schema.get("description")] == []


def test_every_parameter_is_put_into_words() -> None:
    found = [(place, one["name"]) for place, one in parameters() if not one.get("description")]
    assert found == []


def test_every_header_of_an_answer_is_put_into_words() -> None:
    headers = API["components"]["headers"]
    assert [name for name, header in headers.items() if not header.get("description")] == []


def test_a_parameter_of_a_query_is_never_null() -> None:
    """A generator would offer to send the text `null`, which is refused."""
    for place, one in parameters():
        if one["in"] == "query":
            schema = one["schema"]
            assert "null" not in (schema["type"], *schema.get("enum", [])), (place, one["name"])
            assert None not in schema.get("enum", []), (place, one["name"])
            assert schema.get("default", "") is not None, (place, one["name"])


def test_the_idempotency_key_belongs_to_the_operation_that_reads_it() -> None:
    takes = {
        (method, path)
        for method, path, operation in OPERATIONS
        for one in operation.get("parameters", [])
        if resolved(one)["name"] == "Idempotency-Key"
    }
    assert takes == {("post", "/api/v1/payments")}
    at_paths = [one for found in API["paths"].values() for one in found.get("parameters", [])]
    assert {one["in"] for one in at_paths} == {"path"}


def test_a_body_that_may_be_left_out_is_optional() -> None:
    optional = {
        operation["operationId"]
        for _, _, operation in OPERATIONS
        if "requestBody" in operation and not operation["requestBody"].get("required", False)
    }
    may_be_left_out = {"rotateApiKey", "rotateWebhookSecret", "cancelPayment", "resendEvent"}
    assert may_be_left_out <= optional
    assert "createPayment" not in optional


def test_what_may_be_null_is_a_union_with_null() -> None:
    failure = SCHEMAS["Payment"]["properties"]["failure"]
    assert failure["anyOf"] == [{"$ref": "#/components/schemas/Failure"}, {"type": "null"}]
    assert "nullable" not in str(SCHEMAS)


def test_nothing_is_called_read_only() -> None:
    """What is taken and what is given are objects apart; generators would make two of each."""
    assert [name for name, member in described() if member.get("readOnly")] == []


@pytest.mark.parametrize(
    ("place", "content"), answers_with_a_body(), ids=[name for name, _ in answers_with_a_body()]
)
def test_an_answer_has_an_example_that_is_one(place: str, content: dict[str, Any]) -> None:
    shown = examples_of(content)
    assert shown
    schema = without_references(content["schema"])
    for one in shown:
        openapi_schema_validator.validate(one, schema, cls=openapi_schema_validator.OAS31Validator)


def test_every_error_code_is_an_example_of_its_status() -> None:
    shown = {
        (one["code"], one["status"])
        for answer in API["components"]["responses"].values()
        for one in examples_of(answer["content"]["application/problem+json"])
    }
    documented = {int(name[7:]) for name in API["components"]["responses"]}
    known = {(code, status) for code, status, *_ in problems.catalogue() if status in documented}
    assert shown == known


def test_every_type_of_event_is_a_webhook_with_its_payload_and_headers() -> None:
    told = dict(webhooks())
    assert set(told) == {*event_types.ALL, event_types.TEST}
    for event_type, webhook in told.items():
        content = webhook["requestBody"]["content"]["application/json"]
        schema = without_references(content["schema"])
        assert event_type in schema["properties"]["type"]["enum"]
        assert schema["properties"]["data"]["properties"]
        openapi_schema_validator.validate(
            content["example"], schema, cls=openapi_schema_validator.OAS31Validator
        )
        assert content["example"]["type"] == event_type
        names = {resolved(one)["name"] for one in webhook["parameters"]}
        assert names == {"webhook-id", "webhook-timestamp", "webhook-signature"}
    assert SCHEMAS["WebhookEndpointTestEvent"]["properties"]["sequence"]["type"] == "null"


def test_an_event_is_told_apart_by_its_type() -> None:
    event = SCHEMAS["Event"]
    assert set(event["discriminator"]["mapping"]) == set(event_types.ALL)
    for event_type, reference in event["discriminator"]["mapping"].items():
        assert event_type in resolved({"$ref": reference})["properties"]["type"]["enum"]
