"""`make demo`: the whole gateway on this machine, and payments through it that end differently.

Starts everything on a fresh directory, sends the payments of scenarios.py as a merchant would,
shows each change with its evidence, and checks the ends against the simulated networks' own
journals. Exit status 0 when all ended as they must, 1 when one did not, 2 when something could not
run.
"""

import os
import secrets
import sys
from typing import Final

from dev.environment import DATA, run_program
from dev.merchant import Merchant
from dev.networks import SETUPS
from dev.output import Output
from dev.runner import Run, count_charges, lose_callbacks, run_all
from dev.servers import fresh_directory, servers
from dev.stack import Stack

_PAYMENTS_S: Final = 90.0
_QUICK: Final = {name: text for setup in SETUPS for name, text in setup.quick.items()}


def main() -> None:
    """Run the demo once."""
    output = Output()
    directory = fresh_directory(DATA / "demo")
    with servers(directory) as started:
        output.say("PostgreSQL and Valkey are up")
        with Stack(started, directory, environment=_QUICK) as stack:
            runs = show(stack, output)
            output.say("Stopping everything")
    output.say(f"Done; nothing is left running. Logs: {os.path.relpath(directory / 'logs')}")
    output.say("Next: `make run` starts it again, to try it yourself.")
    if not all(run.is_as_expected for run in runs):
        sys.exit(1)


def show(stack: Stack, output: Output) -> list[Run]:
    """Start the gateway, send the payments and follow them to their ends."""
    stack.migrate()
    output.say("The database is at the newest revision")
    stack.start()
    simulated = " and ".join(setup.network for setup in SETUPS)
    output.say(f"Simulators of {simulated}, web, worker and beat are up")
    merchant = Merchant.register(
        stack.url,
        business_name="Kalulu Books",
        email=f"owner-{secrets.token_hex(4)}@kalulu.example",
    ).live()
    output.say(f"Kalulu Books is registered as {merchant.tenant_id}, and has a live key")
    lose_callbacks(stack.simulator_urls)
    runs: list[Run] = []
    for run, event in run_all(merchant, runs, timeout_s=_PAYMENTS_S, check=stack.require_alive):
        output.event(run, event)
    count_charges(runs, stack.simulator_urls)
    output.summary(runs)
    output.say(verdict(runs))
    return runs


def verdict(runs: list[Run]) -> str:
    """One sentence on whether everything went as it must."""
    unexpected = [run.scenario.name for run in runs if not run.is_as_expected]
    if unexpected:
        return f"NOT AS EXPECTED: {', '.join(unexpected)}"
    told = (
        "Every payment ended as it must: each that succeeded was charged exactly once "
        "in its network's journal, none that failed was charged at all."
    )
    unsettled = [run.payment["provider"] for run in runs if run.payment["status"] == "IN_REVIEW"]
    if unsettled:
        told += (
            f" {', '.join(unsettled)} cannot be asked what became of an answer that was lost: "
            "that payment is in review, and a person decides it."
        )
    return told


if __name__ == "__main__":
    run_program(main)
