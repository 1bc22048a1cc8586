"""Reading what a client sent, field by field. The network says how it answers a wrong field."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest


class Malformed(BadRequest):
    """The request does not have the network's shape; `field` is the first wrong one."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


def json_object() -> dict[str, Any]:
    """The request's body, which is a JSON object and is declared as one."""
    content = request.get_json(silent=True) if request.mimetype == "application/json" else None
    if not isinstance(content, dict):
        raise Malformed("body")
    return content


def text(given: Mapping[str, Any], name: str, is_good: Callable[[str], object]) -> str:
    """The field, which is a string and passes the check."""
    value = given.get(name)
    if not isinstance(value, str) or not is_good(value):
        raise Malformed(name)
    return value
