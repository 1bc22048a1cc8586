"""The committed document of the API, and what its references lead to."""

import json
from collections.abc import Iterator
from typing import Any

from dev.openapi import DOCUMENT

API: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
SCHEMAS: dict[str, Any] = API["components"]["schemas"]


def resolved(thing: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to, or the thing itself."""
    if "$ref" not in thing:
        return thing
    found: dict[str, Any] = API
    for name in thing["$ref"].split("/")[1:]:
        found = found[name]
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation that can be asked for: method, path, and what is said of it."""
    for path, found in API["paths"].items():
        for method, operation in found.items():
            if method != "parameters":
                yield method, path, operation


def webhooks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each type of event with what is said of its webhook."""
    for event_type, found in API["webhooks"].items():
        yield event_type, found["post"]


def parameters() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each parameter of a path, a query or a header, with where it stands."""
    for path, found in API["paths"].items():
        for name, part in found.items():
            for one in part if name == "parameters" else part.get("parameters", []):
                yield f"{path} {name}", resolved(one)
    for event_type, webhook in webhooks():
        for one in webhook["parameters"]:
            yield event_type, resolved(one)


def without_references(schema: Any) -> Any:
    """The schema with what it refers to in it: nothing of ours refers to itself."""
    if isinstance(schema, dict):
        found = resolved(schema)
        return {name: without_references(value) for name, value in found.items()}
    if isinstance(schema, list):
        return [without_references(one) for one in schema]
    return schema
