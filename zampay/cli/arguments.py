"""Options and arguments that the operator's commands share."""

import os
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


_EMAIL = ma.validate.And(
    ma.validate.Email(), ma.validate.Length(max=254), lambda text: words.visible(text) == text
)
TENANT = PublicId("ten")
KEY = PublicId("key")
PAYMENT = PublicId("pay")
WALLET = PublicId("wal")


def email(text: str) -> str:
    """An e-mail address, as registration takes it."""
    try:
        _EMAIL(text)
    except ma.ValidationError as error:
        raise click.BadParameter(f"{text!r} is not an e-mail address") from error
    return text


class Person(Words):
    """A name in letters that cannot be taken for others: ASCII, however it was typed."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The name in order, or a usage error."""
        name = super().convert(value, param, ctx)
        if not name.isascii():
            self.fail(f"{name!r} has letters other than a-z: other scripts look alike.", param, ctx)
        return name


def operator_token() -> str:
    """The token that proves who types: from the environment, or typed without being shown."""
    given = os.environ.get("OPERATOR_TOKEN", "").strip()
    return given or str(click.prompt("OPERATOR_TOKEN", hide_input=True))


PERSON = Person("name", longest=100)
PROPOSAL = PublicId("prp")
TRANSACTION = Words("id", longest=100)
OPERATOR = click.option(
    "--operator",
    required=True,
    type=PERSON,
    envvar="OPERATOR",
    help="Who you are; goes into the audit log.",
)
MAYBE_OPERATOR = click.option(
    "--operator",
    type=PERSON,
    envvar="OPERATOR",
    help="Who you are, where only test money is concerned; live money asks for OPERATOR_TOKEN.",
)
REASON = click.option(
    "--reason",
    required=True,
    type=Words("words", longest=500),
    help="Why; goes into the audit log, which the merchant reads.",
)
