"""Marshmallow fields that the features share: plain text, moments, and cursors of pages."""

import base64
import binascii
import re
from datetime import datetime
from typing import Any

import marshmallow as ma

from zampay.kernel import ids, words
from zampay.kernel.clock import rfc3339

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 2000, 2999
MAX_PAGE = 100
_LONGEST_SHOWN = 40
_LOST_PLUS = re.compile(r"[0-9] [0-9]{2}:[0-9]{2}$")
_ZONE = (
    "must be a time with its zone: 2026-01-31T12:00:00Z in UTC, or 2026-01-31T14:00:00+02:00 "
    "(in a URL the + is written %2B)"
)


class String(ma.fields.String):
    """Text. A number in its place is told how to be sent as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ma.ValidationError(self.as_text(value))
        return str(super()._deserialize(value, attr, data, **kwargs))

    def as_text(self, value: Any) -> str:
        """What to send instead of a value that is no text."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and len(str(value)) <= _LONGEST_SHOWN:
            return f'send it as text: "{value}"'
        return "must be text, in quotes"


class TextMap(ma.fields.Dict):
    """An object of texts by name. What is wrong with an entry is said under its own name. An empty
    list is an empty object: PHP writes an empty array so.
    """

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value == []:
            value = {}
        if not isinstance(value, dict):
            raise ma.ValidationError('must be an object such as {"name": "text"}')
        try:
            return super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        except ma.ValidationError as error:
            wrong = {name: _of_an_entry(found) for name, found in error.messages_dict.items()}
            raise ma.ValidationError(wrong) from error


def _of_an_entry(found: dict[str, list[str]]) -> list[str]:
    keys = [f"the name: {message}" for message in found.get("key", [])]
    return keys + found.get("value", [])


class Text(String):
    """A single line of text that leaves the terminal of whoever reads it alone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if words.steers(text):
            raise ma.ValidationError("must not contain control characters or marks of direction")
        return text


class Name(Text):
    """What people know something by: visible words, in one form however they were typed."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(validate=ma.validate.Length(1, longest), **kwargs)
        self._longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return words.plain(text, longest=self._longest)
        except ValueError as error:
            raise ma.ValidationError(f"{error}") from error


class EmailAddress(ma.fields.Email):
    """An e-mail address without characters that cannot be seen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        if words.visible(text) != text:
            raise ma.ValidationError("must not contain characters that cannot be seen")
        return text


class Switch(ma.fields.Boolean):
    """True or false and nothing that merely resembles them."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Moment(ma.fields.Field[datetime]):
    """A time: RFC 3339 with its offset in, UTC with milliseconds out."""

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else rfc3339(value)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None and not _LOST_PLUS.search(str(value)):
            raise ma.ValidationError("must be a time such as 2026-01-31T12:00:00Z")
        if moment is None or moment.tzinfo is None:
            raise ma.ValidationError(_ZONE)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ma.ValidationError(f"must be between the years {_FIRST_YEAR} and {_LAST_YEAR}")
        return moment


class Cursor(ma.fields.Field[list[str]]):
    """Where the last page ended: opaque outside, a list of texts inside."""

    def __init__(self, *, parts: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._parts = parts

    def _serialize(self, value: list[str] | None, *_: Any, **__: Any) -> str | None:
        if value is None:
            return None
        return base64.urlsafe_b64encode("|".join(value).encode()).decode().rstrip("=")

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[str]:
        try:
            padded = str(value).encode("ascii") + b"=" * (-len(str(value)) % 4)
            parts = (
                base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").split("|")
            )
        except (ValueError, binascii.Error):
            parts = []
        if len(parts) != self._parts or any(_CONTROL.search(part) for part in parts):
            raise ma.ValidationError("is not a cursor that we gave")
        return parts


class RowCursor(Cursor):
    """A cursor that holds the time and the id of the last row seen."""

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(parts=2, **kwargs)
        self._prefix = prefix

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        parts = super()._deserialize(value, *args, **kwargs)
        Moment().deserialize(parts[0])
        if not ids.is_id(self._prefix, parts[1]):
            raise ma.ValidationError("is not a cursor that we gave")
        return parts


def page_size() -> ma.fields.Integer:
    """How many rows a page may have."""
    return ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, MAX_PAGE))
