"""Injected faults: which request gets which fault, repeatably for a seed.

Each fault has its own random generator, made from the seed and its place in the list. The same list
put twice therefore applies to the same requests, whatever other faults apply in between.
"""

import random
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

POINTS = {
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
"""Kind to the point at which it is injected."""

CALLBACK, ANY = "callback", "*"
FILTERS = {"referenceId": "reference_id", "externalId": "external_id", "msisdn": "msisdn"}


@dataclass(frozen=True, kw_only=True)
class Operations:
    """A network's requests, by the names that faults and the journal use.

    `poll` is empty for a network that cannot be polled. `also_submit` create payments too.
    """

    submit: str
    poll: str
    others: tuple[str, ...]
    also_submit: tuple[str, ...] = ()

    @property
    def submits(self) -> tuple[str, ...]:
        """The operations that create a payment."""
        return (self.submit, *self.also_submit)

    @property
    def names(self) -> tuple[str, ...]:
        """Every operation that a fault can name."""
        return tuple(filter(None, (*self.submits, self.poll, *self.others, CALLBACK, ANY)))

    def only(self, kind: str) -> tuple[str, ...] | None:
        """The operations that this kind of fault is for; None for any request."""
        if POINTS[kind] in ("early", "callback"):
            return (CALLBACK,)
        return {"not_found": (self.poll,), "error_after": self.submits}.get(kind)


class ImpossibleFault(ValueError):
    """A fault that no request can get; the message says what is wrong with it."""


@dataclass(kw_only=True)
class Fault:
    """One fault, for `times` matching requests (None: always), each with `probability`."""

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
    generator: random.Random = field(init=False, repr=False)

    @property
    def point(self) -> str:
        """Where it is injected: before, after, early, callback."""
        return self.when if self.kind == "hang" else POINTS[self.kind]

    def matches(self, operation: str, point: str, facts: Mapping[str, str]) -> bool:
        """Whether this fault concerns such a request, whatever its probability."""
        wanted = {name: getattr(self, attribute) for name, attribute in FILTERS.items()}
        return (
            self.point == point
            and self.times != 0
            and (self.operation == operation or (self.operation == ANY and operation != CALLBACK))
            and all(want is None or facts.get(name) == want for name, want in wanted.items())
        )

    def occurs(self) -> bool:
        """Draw by `probability`, and count when it occurs."""
        if self.generator.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def shown(self) -> dict[str, Any]:
        """What is left of the fault, in the shape in which it was given."""
        names = {attribute: name for name, attribute in FILTERS.items()}
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}
        return {names.get(k, k): v for k, v in given.items() if v is not None or k == "times"}


def read(given: object, operations: Operations) -> Fault:
    """A fault from JSON; raises ImpossibleFault when no request can get it."""
    if not isinstance(given, dict):
        raise ImpossibleFault("a fault is an object with an operation and a kind")
    try:
        fault = Fault(**{FILTERS.get(str(name), str(name)): value for name, value in given.items()})
    except TypeError as error:
        raise ImpossibleFault(str(error).replace("Fault.__init__()", "a fault")) from error
    _check(fault, operations)
    return fault


def _check(fault: Fault, operations: Operations) -> None:
    names, kinds = operations.names, tuple(POINTS)
    if fault.operation not in names or fault.kind not in kinds:
        raise ImpossibleFault(f"operation: one of {names}; kind: one of {kinds}")
    if fault.when not in ("before", "after"):
        raise ImpossibleFault('when: "before" or "after"')
    only = operations.only(fault.kind)
    if only is not None and fault.operation not in only:
        named = " or ".join(only) or "poll"
        raise ImpossibleFault(f"{fault.kind} is for the operation {named}")
    if fault.operation == CALLBACK and only is None:
        raise ImpossibleFault(f"{fault.kind} is not for callbacks")
    _check_numbers(fault)


def _check_numbers(fault: Fault) -> None:
    """Numbers come from JSON and may be anything."""
    needs_seconds = fault.kind in ("latency", "late")
    if not _number(fault.seconds, most=3600) and (needs_seconds or fault.seconds is not None):
        raise ImpossibleFault("seconds: 0 to 3600, and latency and late need them")
    if fault.times is not None and not (_number(fault.times) and isinstance(fault.times, int)):
        raise ImpossibleFault("times: a whole number, or null for always")
    if not _number(fault.probability, most=1):
        raise ImpossibleFault("probability: 0 to 1")
    if not (_number(fault.status, least=200, most=599) and isinstance(fault.status, int)):
        raise ImpossibleFault("status: 200 to 599")


def _number(value: object, *, least: float = 0, most: float = float("inf")) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


class Faults:
    """The faults in force; every method is safe between threads."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._added = 0

    def replace(self, faults: Iterable[Fault]) -> None:
        """These faults and no others; the random generators start again."""
        with self._lock:
            self._faults, self._added = [], 0
            for fault in faults:
                self._add(fault)

    def add(self, fault: Fault) -> None:
        """One more fault, after those in force."""
        with self._lock:
            self._add(fault)

    def shown(self) -> list[dict[str, Any]]:
        """What is left."""
        with self._lock:
            return [fault.shown() for fault in self._faults if fault.times != 0]

    def draw(self, operation: str, point: str, facts: Mapping[str, str]) -> list[Fault]:
        """The faults that this request gets now, in their order; each is counted."""
        with self._lock:
            matching = [one for one in self._faults if one.matches(operation, point, facts)]
            return [fault for fault in matching if fault.occurs()]

    def _add(self, fault: Fault) -> None:
        fault.generator = random.Random(f"{self._seed}/{self._added}")
        self._added += 1
        self._faults.append(fault)
