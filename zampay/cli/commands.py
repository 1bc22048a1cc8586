"""Every command of `zampay`, in tables: its place, and its line of help."""

import importlib
from collections.abc import Mapping

import click

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
    "wallet": ("zampay.cli.wallets:wallet_commands", "Wallets that merchants have at networks."),
    "payment": ("zampay.cli.payments:payment_commands", "Payments of every merchant."),
    "operator": ("zampay.cli.operators:operator_commands", "The people who run this gateway."),
    "callbacks": ("zampay.cli.callbacks:callback_commands", "Callbacks that networks sent us."),
    "secrets": (
        "zampay.cli.secrets:secret_commands",
        "What SECRET_KEY encrypts: secrets of webhooks, credentials of wallets.",
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
