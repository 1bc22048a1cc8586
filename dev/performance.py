"""Plays the payments of the demo, follows each to its end, and counts what payers were charged."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dev.common import DevError
from dev.merchant import Merchant, call
from dev.story import Act

_FINAL: Final = {"SUCCESSFUL", "FAILED"}
_PAUSE_S: Final = 0.1
_BETWEEN_SENDS_S: Final = 0.8


@dataclass
class Part:
    """One payment under way: what it must come to, and what came of it so far."""

    act: Act
    payment: dict[str, Any]
    moves: list[dict[str, Any]] = field(default_factory=list)
    charges: int | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is final."""
        return self.payment["status"] in _FINAL

    @property
    def failure(self) -> str | None:
        """Why it failed, if it did."""
        return (self.payment["failure"] or {}).get("code")

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as it must, and the payer was charged as often as that means."""
        found = (self.payment["status"], self.failure, self.charges)
        return found == (self.act.status, self.act.failure, self.act.charges)


@dataclass
class Performance:
    """All payments of the demo, sent one after the other; `parts` grows as they are."""

    merchant: Merchant
    parts: list[Part] = field(default_factory=list)

    def play(
        self, acts: Sequence[Act], *, timeout_s: float, check: Callable[[], None]
    ) -> Iterator[tuple[Part, dict[str, Any]]]:
        """Send every payment; each new move of each of them, until all are final.

        `check` is called all the while and may raise. DevError names those not ended in time.
        """
        began_s = time.monotonic()
        coming = list(acts)
        while coming or not all(part.has_ended for part in self.parts):
            check()
            played_s = time.monotonic() - began_s
            if coming and played_s >= len(self.parts) * _BETWEEN_SENDS_S:
                self.parts.append(_send(self.merchant, coming.pop(0)))
            for part in self.parts:
                for move in [] if part.has_ended else _news(self.merchant, part):
                    yield part, move
            if played_s > timeout_s:
                names = [part.act.name for part in self.parts if not part.has_ended]
                raise DevError(f"Not ended after {timeout_s:g} s: {', '.join(names)}")
            time.sleep(_PAUSE_S)


def _send(merchant: Merchant, act: Act) -> Part:
    payment = merchant.pay(external_id=act.name, amount=act.amount, msisdn=act.msisdn)
    return Part(act, payment)


def _news(merchant: Merchant, part: Part) -> list[dict[str, Any]]:
    # The payment first: a move after that is then not missed, it comes with the next look.
    part.payment = merchant.payment(part.payment["id"])
    history = merchant.history(part.payment["id"])
    news, part.moves = history[len(part.moves) :], history
    return news


def lose_callbacks(acts: Sequence[Act], simulator_url: str) -> None:
    """Let the simulated network never call back about the payments of the story that say so."""
    for act in acts:
        if act.loses_callback:
            fault = {"operation": "callback", "kind": "lost", "msisdn": act.msisdn}
            call("POST", f"{simulator_url}/_admin/faults", json=fault)


def count_charges(parts: list[Part], simulator_url: str) -> None:
    """Ask the simulated network's journal how often each payer was charged."""
    journal = call("GET", f"{simulator_url}/_admin/journal")
    charged: Mapping[str, int] = Counter(charge["externalId"] for charge in journal["charges"])
    for part in parts:
        part.charges = charged[part.payment["id"]]
