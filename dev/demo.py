"""`make demo`: the whole gateway on this machine, and payments through it that end differently.

Starts everything on a fresh directory, sends the payments of story.py as a merchant would, shows
each move with its evidence, and checks the ends against the simulated network's own journal.
Exit status 0 when all ended as they must, 1 when one did not, 2 when something could not run.
"""

import os
import secrets
import sys
from typing import Final

from dev.common import DATA, run_program
from dev.merchant import Merchant
from dev.performance import Part, Performance, count_charges, lose_callbacks
from dev.screen import Screen
from dev.servers import fresh_directory, servers
from dev.stack import Stack
from dev.story import ACTS

_PAYMENTS_S: Final = 90.0
_PACE: Final = {"SIMULATOR_MTN_EXPIRE_S": "4"}  # a payer's five minutes, made short


def main() -> None:
    """Play the demo once."""
    screen = Screen()
    directory = fresh_directory(DATA / "demo")
    with servers(directory) as started:
        screen.say("PostgreSQL and Valkey are up")
        with Stack(started, directory, environment=_PACE) as stack:
            parts = perform(stack, screen)
            screen.say("Stopping everything")
    screen.say(f"Done; nothing is left running. Logs: {os.path.relpath(directory / 'logs')}")
    screen.say("Next: `make run` starts it again, to try it yourself.")
    if not all(part.is_as_expected for part in parts):
        sys.exit(1)


def perform(stack: Stack, screen: Screen) -> list[Part]:
    """Start the gateway, send the payments and follow them to their ends."""
    stack.migrate()
    screen.say("The database is at the newest revision")
    stack.start()
    screen.say("MTN simulator, web, worker and beat are up")
    merchant = register(stack, screen)
    lose_callbacks(ACTS, stack.simulator_url)
    show = Performance(merchant)
    with screen.watching(show.parts):
        for part, move in show.play(ACTS, timeout_s=_PAYMENTS_S, check=stack.require_alive):
            screen.moved(part, move)
    count_charges(show.parts, stack.simulator_url)
    screen.summarise(show.parts)
    screen.say(verdict(show.parts))
    return show.parts


def register(stack: Stack, screen: Screen) -> Merchant:
    """A new merchant with a live key, through the API."""
    merchant = Merchant.register(
        stack.url,
        business_name="Kalulu Books",
        email=f"owner-{secrets.token_hex(4)}@kalulu.example",
    )
    screen.say(f"Kalulu Books is registered as {merchant.tenant_id}, and has a live key")
    return merchant.live()


def verdict(parts: list[Part]) -> str:
    """One sentence on whether everything went as it must."""
    strays = [part.act.name for part in parts if not part.is_as_expected]
    if strays:
        return f"NOT AS EXPECTED: {', '.join(strays)}"
    return (
        "Every payment ended as it must: each that succeeded was charged exactly once "
        "in the network's journal, no other was charged at all."
    )


if __name__ == "__main__":
    run_program(main)
