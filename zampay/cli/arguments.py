"""Options and arguments that the operator's commands share."""

from typing import Any

import click
import marshmallow as ma

from zampay.kernel import ids, words


class PublicId(click.ParamType[str]):
    """An id of ours with one prefix, so that a slip is told at once."""

    def __init__(self, prefix: str) -> None:
        self.name = f"{prefix}_…"
        self._prefix = prefix

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The id as it is, if it has the form of one."""
        if not ids.is_id(self._prefix, str(value)):
            self.fail(f"{value!r} is not an id such as {self._prefix}_01k5…", param, ctx)
        return str(value)


class Words(click.ParamType[str]):
    """Text that a person can read, in one form however it was typed."""

    def __init__(self, name: str, *, longest: int) -> None:
        self.name = name
        self._longest = longest

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The text in order, or a usage error that says what is wrong with it."""
        try:
            return words.plain(str(value), longest=self._longest)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class EmailAddress(click.ParamType[str]):
    """An e-mail address, as registration takes it."""

    name = "e-mail"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The address as it is, or a usage error."""
        try:
            _EMAIL(str(value))
        except ma.ValidationError:
            self.fail(f"{value!r} is not an e-mail address", param, ctx)
        return str(value)


_EMAIL = ma.validate.And(
    ma.validate.Email(), ma.validate.Length(max=254), lambda text: words.visible(text) == text
)
EMAIL = EmailAddress()
TENANT = PublicId("ten")
KEY = PublicId("key")
PAYMENT = PublicId("pay")
PERSON = Words("name", longest=100)
TRANSACTION = Words("id", longest=100)
OPERATOR = click.option(
    "--operator",
    required=True,
    type=PERSON,
    envvar="OPERATOR",
    help="Who you are; goes into the audit log.",
)
REASON = click.option(
    "--reason",
    required=True,
    type=Words("words", longest=500),
    help="Why; goes into the audit log, which the merchant reads.",
)
