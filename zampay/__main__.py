"""The command `zampay`: `python -m zampay …`, and `bin/zampay …`. A command is loaded when it is
typed: `--help` loads nothing, and `listen` neither settings nor database.
"""

import importlib
import os
from typing import Any

import click

from zampay import __version__
from zampay.cli.commands import COMMANDS, OPERATORS, SECTIONS, load


class Program(click.Group):
    """Commands by the tables above."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name, loaded now."""
        return load(name) if name in COMMANDS else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what there is, from the tables alone."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in commands.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and give it the application if it is made for one."""
        found = super().resolve_command(ctx, args)
        if ctx.obj is None and found[0] in OPERATORS:
            from flask.cli import ScriptInfo

            ctx.obj = ScriptInfo(create_app=_application)
        return found


def _application() -> Any:
    """The application as the owner of the tables runs it, as `flask --app wsgi` does."""
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    return importlib.import_module("wsgi").app


main = Program(help="ZamPay, a mobile-money gateway for Zambia.")
click.version_option(__version__, prog_name="zampay")(main)

if __name__ == "__main__":
    main(prog_name="zampay")
