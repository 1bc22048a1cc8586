"""Every operation of the API, read from its document, so that a new route is tested by itself."""

import json
from typing import Any

from dev.openapi import DOCUMENT
from tests.support.merchants import BASE

_PATHS: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
OPERATIONS = sorted(
    (method.upper(), path.removeprefix(BASE))
    for path, operations in _PATHS.items()
    for method in operations
    if method != "parameters"
)
OPEN = {("POST", "/auth/register")}
GUARDED = [one for one in OPERATIONS if one not in OPEN]
ON_AN_OBJECT = [(method, path) for method, path in GUARDED if "_id}" in path]
UNKNOWN = {
    "payment_id": "pay_00000000000000000000000000",
    "key_id": "key_00000000000000000000000000",
    "endpoint_id": "whe_00000000000000000000000000",
    "wallet_id": "wal_00000000000000000000000000",
    "msisdn": "260963123400",
    "event_id": "evt_00000000000000000000000000",
}
"""An id of each kind in good form that stands for nothing."""


def filled(path: str, ids: dict[str, str] | None = None) -> str:
    """The path with ids in their places; unknown ones unless told."""
    return f"{BASE}{path}".format(**(ids or UNKNOWN))
