"""Options and arguments that the operator's commands share."""

from typing import Any

import click

from zampay.kernel import ids

OPERATOR = click.option(
    "--operator", required=True, envvar="OPERATOR", help="Who you are; goes into the audit log."
)
REASON = click.option(
    "--reason", required=True, help="Why; goes into the audit log, which the merchant reads."
)


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


TENANT = PublicId("ten")
KEY = PublicId("key")
PAYMENT = PublicId("pay")
