"""The command `zampay`, in tables. A command is loaded when it is typed: `--help` loads nothing,
`listen` neither settings nor database, and the web process no command of an operator.
"""

import importlib
import os
from collections.abc import Mapping
from typing import Any

import click

from zampay import __version__

PROCESSES = {
    "web": ("zampay.web:web", "Serve the API, callbacks and documents."),
    "worker": ("zampay.cli.processes:worker", "Call networks and merchants' servers."),
    "beat": ("zampay.cli.processes:beat", "Start the sweeps each second."),
}
OPERATORS = {
    "db": ("flask_migrate.cli:db", "Migrations: upgrade, current, heads, downgrade and more."),
    "doctor": ("zampay.cli.doctor:doctor", "Say what is wrong, and what to do."),
    "tenant": ("zampay.cli.tenants:tenant_commands", "Merchants of this gateway."),
    "key": ("zampay.cli.keys:key_commands", "API keys of every merchant."),
    "payment": ("zampay.cli.payments:payment_commands", "Payments of every merchant."),
    "operator": ("zampay.cli.operators:operator_commands", "The people who run this gateway."),
    "callbacks": ("zampay.cli.callbacks:callback_commands", "Callbacks that networks sent us."),
    "secrets": (
        "zampay.cli.secrets:secret_commands",
        "What SECRET_KEY encrypts: the secrets of webhooks.",
    ),
}
ALONE = {
    "listen": ("zampay.listen:listen", "Follow your events and forward each, signed."),
    "verify-audit": (
        "zampay.verify_audit:verify_audit",
        "Check the chain of hashes in exports of the audit log or of history.",
    ),
    "simulate": ("zampay.simulators.command:simulate", "Stand in for a network."),
}
SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Processes": PROCESSES,
    "Operators, with the settings of the gateway": OPERATORS,
    "Without settings": ALONE,
}
"""Title to commands: where each is found (module:name), and its line of help."""

COMMANDS = PROCESSES | OPERATORS | ALONE


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


def load(name: str) -> click.Command:
    """The command; a group is described by its line of help."""
    place, line = COMMANDS[name]
    module, _, attribute = place.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    command.help = command.help or line
    return command


def add_operators_commands(group: click.Group) -> None:
    """Let another program have them, too: `flask --app wsgi …`."""
    for name in OPERATORS:
        group.add_command(load(name))


def _application() -> Any:
    """The application as the owner of the tables runs it, as `flask --app wsgi` does."""
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    return importlib.import_module("wsgi").app


main = Program(help="ZamPay, a mobile-money gateway for Zambia.")
click.version_option(__version__, prog_name="zampay")(main)
