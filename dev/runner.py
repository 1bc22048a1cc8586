"""Sends the payments of the demo, follows each to its end, and counts what payers were charged."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dev.environment import DevError
from dev.merchant import Merchant, call
from dev.scenarios import SCENARIOS, Scenario

_FINAL: Final = {"SUCCESSFUL", "FAILED"}
_PAUSE_S: Final = 0.1
_BETWEEN_SENDS_S: Final = 0.8


@dataclass
class Run:
    """One scenario under way: its payment and the events so far."""

    scenario: Scenario
    payment: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)
    charges: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether the payment is final, or left to a person as it must be."""
        return self.payment["status"] in {*_FINAL, self.scenario.status}

    @property
    def failure(self) -> str | None:
        """Why it failed, if it did."""
        return (self.payment["failure"] or {}).get("code")

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as it must, and the payer was charged as often as that means."""
        return self.scenario.is_end(self.payment["status"], self.failure, self.charges)


def run_all(
    merchant: Merchant, runs: list[Run], *, timeout_s: float, check: Callable[[], None]
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Send every payment, growing `runs`; each new event of each, until all are final.

    `check` is called all the while and may raise. DevError names those not ended in time.
    """
    began_s = time.monotonic()
    while len(runs) < len(SCENARIOS) or not all(run.has_ended for run in runs):
        check()
        elapsed_s = time.monotonic() - began_s
        if len(runs) < len(SCENARIOS) and elapsed_s >= len(runs) * _BETWEEN_SENDS_S:
            runs.append(_send(merchant, SCENARIOS[len(runs)]))
        for run in runs:
            for event in [] if run.has_ended else _news(merchant, run):
                yield run, event
        if elapsed_s > timeout_s:
            names = [run.scenario.name for run in runs if not run.has_ended]
            raise DevError(f"Not ended after {timeout_s:g} s: {', '.join(names)}")
        time.sleep(_PAUSE_S)


def _send(merchant: Merchant, scenario: Scenario) -> Run:
    payment = merchant.pay(
        external_id=scenario.external_id, amount=scenario.amount, msisdn=scenario.msisdn
    )
    return Run(scenario, payment)


def _news(merchant: Merchant, run: Run) -> list[dict[str, Any]]:
    # The payment first: an event after that is then not missed, it comes the next time.
    run.payment = merchant.payment(run.payment["id"])
    history = merchant.history(run.payment["id"])
    news, run.events = history[len(run.events) :], history
    return news


def lose_callbacks(simulator_urls: Mapping[str, str]) -> None:
    """Let the simulated networks never call back about the payments whose scenario says so."""
    for scenario in SCENARIOS:
        if scenario.loses_callback:
            fault = {"operation": "callback", "kind": "lost", "msisdn": scenario.msisdn}
            call("POST", f"{simulator_urls[scenario.network]}/_admin/faults", json=fault)


def count_charges(runs: list[Run], simulator_urls: Mapping[str, str]) -> None:
    """Read in the simulated networks' journals how often each payer was charged; each run has a
    payer of its own.
    """
    journals = [call("GET", f"{url}/_admin/journal") for url in simulator_urls.values()]
    charged = Counter(charge["msisdn"] for journal in journals for charge in journal["charges"])
    for run in runs:
        run.charges = charged[run.scenario.msisdn]
