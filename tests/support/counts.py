"""How much a metric has grown: counts are of the process, and other tests count too."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY


def value(name: str, **labels: str) -> float:
    """The sample as it is now; 0 when it was never touched."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def growth(name: str, by: float, **labels: str) -> Iterator[None]:
    """The block makes the sample grow by so much."""
    before = value(name, **labels)
    yield
    assert value(name, **labels) - before == by, (name, labels)
