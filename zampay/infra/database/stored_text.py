"""The one gate for text on its way into PostgreSQL: bind parameters, arrays and JSON alike.

It stands in the driver, below the models, so that no column and no lookup can be forgotten. What
merchants send is refused with a 400 instead; this is for everything else from outside.
"""

import json
import re
from typing import Any

import psycopg
from psycopg.types.json import set_json_dumps
from psycopg.types.string import StrBinaryDumper, StrDumper, StrDumperUnknown

from zampay.kernel import storable

_ESCAPED = re.compile(r"\\u(0000|d[89a-f])", re.IGNORECASE)


class _Text(StrDumper):
    def dump(self, obj: str) -> bytes:
        """The bytes of what can be kept of it."""
        return storable.text(obj).encode(self._encoding)


class _Binary(StrBinaryDumper):
    def dump(self, obj: str) -> bytes:
        """The bytes of what can be kept of it."""
        return storable.text(obj).encode(self._encoding)


class _Untyped(StrDumperUnknown):
    def dump(self, obj: str) -> bytes:
        """The bytes of what can be kept of it."""
        return storable.text(obj).encode(self._encoding)


def guard(connection: "psycopg.Connection[Any]") -> None:
    """Let this connection send only what PostgreSQL can keep."""
    for dumper in (_Binary, _Text, _Untyped):  # the last is the one for plain parameters
        connection.adapters.register_dumper(str, dumper)
    set_json_dumps(dumps, connection)


def dumps(value: Any) -> str:
    """JSON in ASCII; only a value that needs it is gone through."""
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(storable.tree(value), allow_nan=False)
    return json.dumps(storable.tree(value)) if _ESCAPED.search(text) else text
