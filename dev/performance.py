"""Plays the payments of the demo, follows each to its end, and counts what payers were charged."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from dev.desk import DeskError
from dev.merchant import Merchant
from dev.story import Act

_FINAL: Final = {"SUCCESSFUL", "FAILED"}
_PAUSE_S: Final = 0.2


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


def begin(merchant: Merchant, acts: tuple[Act, ...]) -> list[Part]:
    """Send every payment."""
    return [
        Part(
            act,
            merchant.pay(external_id=f"order-{act.name}", amount=act.amount, msisdn=act.msisdn),
        )
        for act in acts
    ]


def follow(
    merchant: Merchant, parts: list[Part], *, timeout_s: float, check: Callable[[], None]
) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Each new move of each payment, until all are final.

    `check` is called all the while and may raise. DeskError names those that did not end in time.
    """
    ends_at = time.monotonic() + timeout_s
    while waiting := [part for part in parts if not part.has_ended]:
        check()
        for part in waiting:
            for move in _news(merchant, part):
                yield part, move
        if time.monotonic() > ends_at:
            names = ", ".join(part.act.name for part in waiting)
            raise DeskError(f"Not ended after {timeout_s:g} s: {names}")
        time.sleep(_PAUSE_S)


def _news(merchant: Merchant, part: Part) -> list[dict[str, Any]]:
    # The payment first: a move after that is then not missed, it comes with the next look.
    part.payment = merchant.payment(part.payment["id"])
    history = merchant.history(part.payment["id"])
    news, part.moves = history[len(part.moves) :], history
    return news


def count_charges(parts: list[Part], simulator_url: str) -> None:
    """Ask the simulated network's journal how often each payer was charged."""
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between a desk and itself
        journal = session.get(f"{simulator_url}/_admin/journal", timeout=10).json()
    charged: Mapping[str, int] = Counter(charge["externalId"] for charge in journal["charges"])
    for part in parts:
        part.charges = charged[part.payment["id"]]
