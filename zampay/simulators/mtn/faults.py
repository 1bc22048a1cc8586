"""Faults on demand: which request meets which misfortune, repeatably for a seed.

Each fault draws from its own generator, made from the seed and its place in the list, so the same
list put twice strikes the same matching requests, whatever other faults see in between.
"""

import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

PHASES = {
    "latency": "before",
    "hang": "before",
    "reset_before": "before",
    "status": "before",
    "not_found": "before",
    "reset_after": "after",
    "error_after": "after",
    "garbage": "after",
    "early": "early",
    "lost": "callback",
    "doubled": "callback",
    "late": "callback",
}
"""Kind to the point at which it strikes."""

OPERATIONS = (
    "requesttopay",
    "enquiry",
    "token",
    "active",
    "basicuserinfo",
    "balance",
    "deliverynotification",
    "provisioning",
    "callback",
    "*",
)
FILTERS = {"referenceId": "reference_id", "externalId": "external_id", "msisdn": "msisdn"}


class UnknownFaultError(ValueError):
    """A fault that nobody would ever meet; the message says what is wrong with it."""


@dataclass(kw_only=True)
class Fault:
    """One misfortune, for `times` matching requests (None: always), each by `probability`."""

    operation: str
    kind: str
    seconds: float | None = None
    times: int | None = None
    probability: float = 1.0
    when: str = "before"
    status: int = 503
    body: Any = None
    reference_id: str | None = None
    external_id: str | None = None
    msisdn: str | None = None
    chance: random.Random = field(default_factory=random.Random, repr=False)

    @property
    def phase(self) -> str:
        """When it strikes: before, after, early, callback."""
        return self.when if self.kind == "hang" else PHASES[self.kind]

    def fits(self, operation: str, phase: str, facts: Mapping[str, str]) -> bool:
        """Whether this fault concerns such a request, before chance has its say."""
        wanted = {name: getattr(self, attribute) for name, attribute in FILTERS.items()}
        return (
            self.phase == phase
            and self.times != 0
            and (self.operation == operation or (self.operation == "*" and operation != "callback"))
            and all(want is None or facts.get(name) == want for name, want in wanted.items())
        )

    def strikes(self) -> bool:
        """Let chance decide, and count when it says yes."""
        if self.chance.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def shown(self) -> dict[str, Any]:
        """The fault as it is left, in the shape in which it was given."""
        names = {attribute: name for name, attribute in FILTERS.items()}
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "chance"}
        return {names.get(k, k): v for k, v in given.items() if v is not None or k == "times"}


def read(given: object) -> Fault:
    """A fault from JSON; UnknownFaultError when no request could ever meet it."""
    if not isinstance(given, dict) or "chance" in given:
        raise UnknownFaultError("a fault is an object with an operation and a kind")
    try:
        fault = Fault(**{FILTERS.get(str(name), str(name)): value for name, value in given.items()})
    except TypeError as error:
        raise UnknownFaultError(str(error).replace("Fault.__init__()", "a fault")) from error
    _check(fault)
    return fault


def _check(fault: Fault) -> None:
    if fault.operation not in OPERATIONS or fault.kind not in tuple(PHASES):
        raise UnknownFaultError(f"operation: one of {OPERATIONS}; kind: one of {tuple(PHASES)}")
    if fault.when not in ("before", "after"):
        raise UnknownFaultError('when: "before" or "after"')
    only = {"not_found": "enquiry", "error_after": "requesttopay"}
    only |= {kind: "callback" for kind, phase in PHASES.items() if phase in ("early", "callback")}
    if fault.operation != only.get(fault.kind, fault.operation):
        raise UnknownFaultError(f"{fault.kind} is for the operation {only[fault.kind]}")
    if fault.operation == "callback" and fault.kind not in only:
        raise UnknownFaultError(f"a callback cannot meet {fault.kind}")
    _check_numbers(fault)


def _check_numbers(fault: Fault) -> None:
    """Numbers come from JSON and may be anything."""
    needs_seconds = fault.kind in ("latency", "late")
    if not _number(fault.seconds, most=3600) and (needs_seconds or fault.seconds is not None):
        raise UnknownFaultError("seconds: 0 to 3600, and latency and late need them")
    if fault.times is not None and not (_number(fault.times) and isinstance(fault.times, int)):
        raise UnknownFaultError("times: a whole number, or null for always")
    if not _number(fault.probability, most=1):
        raise UnknownFaultError("probability: 0 to 1")
    if not (_number(fault.status, least=200, most=599) and isinstance(fault.status, int)):
        raise UnknownFaultError("status: 200 to 599")


def _number(value: object, *, least: float = 0, most: float = float("inf")) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


class FaultBook:
    """The faults in force; every method is safe between threads."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._written = 0

    def replace(self, faults: Iterable[Fault]) -> None:
        """These faults and no others; chance begins anew."""
        with self._lock:
            self._faults, self._written = [], 0
            for fault in faults:
                self._write(fault)

    def add(self, fault: Fault) -> None:
        """One more fault, after those in force."""
        with self._lock:
            self._write(fault)

    def shown(self) -> list[dict[str, Any]]:
        """What is left."""
        with self._lock:
            return [fault.shown() for fault in self._faults if fault.times != 0]

    def draw(self, operation: str, phase: str, facts: Mapping[str, str]) -> list[Fault]:
        """The faults that strike this request now, in their order; counts them as met."""
        with self._lock:
            fitting = [f for f in self._faults if f.fits(operation, phase, facts)]
            return [fault for fault in fitting if fault.strikes()]

    def _write(self, fault: Fault) -> None:
        fault.chance = random.Random(f"{self._seed}/{self._written}")
        self._written += 1
        self._faults.append(fault)
