"""Whether something answers decides what `make check` can look up, and never fails it."""

import pytest

from dev import reachable
from tests.infra.sockets import answers, hangs_up, serving

KINDS = {"200": (answers(), 0), "404": (answers(b"", "404 Not Found"), 1), "hung up": (hangs_up, 1)}


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_200_is_an_answer(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    behaviour, status = KINDS[kind]
    with serving(behaviour) as server:
        monkeypatch.setattr("sys.argv", ["reachable", server.url])
        assert reachable.main() == status


def test_nobody_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["reachable", "http://127.0.0.1:1/"])
    assert reachable.main() == 1
