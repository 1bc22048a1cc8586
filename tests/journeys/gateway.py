"""The whole gateway under test, and the ways to wait for it and to hurt it."""

import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from dev.environment import await_condition, free_port
from dev.stack import ALL, PROCFILE, Stack, shell
from tests.journeys.books import Books
from tests.journeys.machine import Machine
from tests.journeys.network import Network
from tests.journeys.shop import FINAL, Shop

TIMEOUT_S = 30.0
"""Longer than anything here takes on a busy machine."""

KILLED = 128 + signal.SIGKILL
"""The exit status of a process group that was killed."""

DEFECT = re.compile(
    r"\b(IllegalTransition|AssertionError|IntegrityError|ProgrammingError|\w+Violation)\b"
)
"""A guard that had to act: no outage explains it."""

PACE = {
    "LOG_LEVEL": "INFO",
    "RATE_LIMIT_PER_ADDRESS": "100000/minute",
    "NUMBER_MAX_OPEN": "1000000",
    "NUMBER_MAX_PER_MINUTE": "1000000",
    "NUMBER_MAX_PER_HOUR": "1000000",
    "SWEEP_INTERVAL_S": "0.5",
    "SUBMIT_LEASE_S": "5",
    "MTN_CONNECT_TIMEOUT_S": "1",
    "MTN_READ_TIMEOUT_S": "2",
    "MTN_UNKNOWN_GRACE_S": "1.5",
    "MTN_POLLS_PER_S": "50",
    "SIMULATOR_MTN_APPROVAL_S": "0.3",
    "SIMULATOR_MTN_DELAYED_S": "1.5",
    "AIRTEL_CONNECT_TIMEOUT_S": "1",
    "AIRTEL_READ_TIMEOUT_S": "2",
    "AIRTEL_UNKNOWN_GRACE_S": "3",
    "AIRTEL_FIRST_POLL_S": "4",
    "AIRTEL_POLLS_PER_S": "50",
    "SIMULATOR_AIRTEL_APPROVAL_S": "0.3",
    "SIMULATOR_AIRTEL_DELAYED_S": "1.5",
    "SIMULATOR_ZAMTEL_APPROVAL_S": "0.3",
    "SIMULATOR_ZAMTEL_ENQUIRY": "on",
}
"""Time made short, by settings that an operator has, too."""


@dataclass
class Gateway:
    """Processes, servers, network and books of one running gateway."""

    stack: Stack
    machine: Machine
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False  # no proxy stands between a test and its processes
        self.network = Network(self.stack.simulator_urls["MTN"], self.session)
        self.books = Books(self.machine.servers.database_url)
        self._extra: set[str] = set()
        self._replaced: set[str] = set()
        self._seen: dict[Path, int] = {}

    def shop(self, name: str = "Kalulu Books") -> Shop:
        """A new merchant with a live key."""
        return Shop.open(self.session, self.stack.url, name).live()

    def until(
        self, condition: Callable[[], bool], wanted: str, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Return as soon as `condition` holds; fail with `wanted` when it never does."""
        await_condition(condition, timeout_s=timeout_s, wanted=wanted, pause_s=0.05)

    def until_status(self, shop: Shop, payment_id: str, *statuses: str) -> dict[str, Any]:
        """The payment, once it has one of these statuses."""

        def arrived() -> bool:
            return shop.payment(payment_id)["status"] in statuses

        self.until(arrived, f"{payment_id} to be {' or '.join(statuses)}")
        return shop.payment(payment_id)

    def until_final(self, shop: Shop, payment_id: str) -> dict[str, Any]:
        return self.until_status(shop, payment_id, *FINAL)

    def assert_paid_once(self, shop: Shop, payment_id: str) -> None:
        """It ends SUCCESSFUL, in one transition, and the payer was charged exactly once."""
        payment = self.until_final(shop, payment_id)
        assert (payment["status"], payment["failure"]) == ("SUCCESSFUL", None)
        assert shop.statuses(payment_id).count("SUCCESSFUL") == 1
        assert self.network.charges(payment_id) == 1

    def start_another(
        self, name: str, *arguments: str, like: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """One more process of a kind that the Procfile knows."""
        line = " ".join([PROCFILE[like], *arguments])
        self._extra.add(name)
        self.stack.start(name, command=shell(line), environment=environment)

    def start_web_elsewhere(self, **environment: str) -> str:
        """Another web process on a port of its own; its URL, once it answers."""
        port = free_port()
        url = f"{self.stack.url.rpartition(':')[0]}:{port}"
        self.start_another("web-2", like="web", environment={**environment, "PORT": str(port)})
        self.until(lambda: self._is_live(url), "another web process to answer")
        return url

    def _is_live(self, url: str) -> bool:
        try:
            return self.session.get(f"{url}/health/live", timeout=2).ok
        except (requests.ConnectionError, requests.ReadTimeout):
            return False  # the port is taken before the application is loaded

    def replace(self, name: str, *, module: str | None = None, **environment: str) -> None:
        """Kill a process of the Procfile and start it otherwise: from one of the modules here,
        which dies at an exact point, or with other settings. Healing puts the usual one back.
        """
        self.stack.kill(name)
        self._replaced.add(name)
        line = PROCFILE[name] + (f" --app {module}" if module else "")
        self.stack.start(name, command=shell(line), environment=environment)

    def restore(self, name: str) -> None:
        """Kill what runs under this name, if it does, and start the usual process."""
        self.stack.kill(name)
        self._replaced.discard(name)
        self.stack.start(name)

    def until_dead(self, name: str) -> None:
        self.until(lambda: not self.stack.process(name).alive, f"the death of {name}")
        assert self.stack.process(name).status == KILLED

    def heal(self) -> None:
        """Bring back whatever the last journey killed, and send home what it brought."""
        for name in self._extra | self._replaced:
            self.stack.kill(name)
        self._extra.clear()
        self._replaced.clear()
        self.machine.on()
        dead = [name for name in ALL if not self.stack.process(name).alive]
        if dead:
            self.stack.start(*dead)

    def tails(self) -> Sequence[tuple[str, str]]:
        """(name, the end of the log) of every process and server."""
        logs = sorted(Path(self.stack.directory / "logs").glob("*.log"))
        return [(log.stem, _tail(log)) for log in logs]

    def new_defects(self) -> list[str]:
        """Lines since the last call that only a defect of ours writes."""
        found = []
        for log in sorted(Path(self.stack.directory / "logs").glob("*.log")):
            with log.open(errors="replace") as lines:
                lines.seek(self._seen.get(log, 0))
                found += [f"{log.stem}: {line}" for line in lines if DEFECT.search(line)]
                self._seen[log] = lines.tell()
        return found

    def close(self) -> None:
        self.session.close()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])
