"""`zampay callbacks …`: what networks told us, looked at again."""

from datetime import UTC, datetime

import click

from zampay.cli.arguments import OPERATOR, REASON
from zampay.cli.group import Commands
from zampay.transfers import operator_actions
from zampay.transfers.operator_actions import Operator

callback_commands = Commands("callbacks")
_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])


@callback_commands.command("replay")
@click.option("--since", required=True, type=_MOMENT, help="UTC, such as 2026-01-31T12:00:00Z.")
@OPERATOR
@REASON
def replay(since: datetime, operator: str, reason: str) -> None:
    """Ask the network about every open payment that a callback came for since then."""
    count = operator_actions.replay_callbacks(
        since=since.replace(tzinfo=UTC), operator=Operator(operator, reason)
    )
    click.echo(f"Payments to be asked about now: {count}.")
