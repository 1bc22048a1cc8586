"""Where web processes share their counts: one private directory for each server."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from zampay.infra.telemetry import shared_metrics

NOBODY_RUNS = 2**22 - 1


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv(shared_metrics.VARIABLE, raising=False)
    monkeypatch.setattr(shared_metrics, "_prepared", set())  # whatever ran in this process before
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    yield tmp_path
    os.environ.pop(shared_metrics.VARIABLE, None)


def test_the_workers_of_one_server_share_a_private_directory(temporary: Path) -> None:
    shared_metrics.prepare()
    found = Path(os.environ[shared_metrics.VARIABLE])
    assert found.parent == temporary
    assert found.name.endswith(f"-{os.getppid()}")
    assert stat.S_IMODE(found.stat().st_mode) == 0o700


def test_a_named_directory_is_used_and_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(shared_metrics.VARIABLE, str(tmp_path / "named"))
    shared_metrics.prepare()
    assert shared_metrics.directory() == tmp_path / "named"
    assert (tmp_path / "named").is_dir()


def test_what_servers_that_are_gone_left_is_removed(temporary: Path) -> None:
    gone = temporary / f"zampay-metrics-{os.getuid()}-{NOBODY_RUNS}"
    runs = temporary / f"zampay-metrics-{os.getuid()}-{os.getpid()}"
    for place in (gone, runs):
        place.mkdir()
    shared_metrics.prepare()
    assert (gone.exists(), runs.exists()) == (False, True)


def test_a_trap_laid_under_its_name_stops_the_start(temporary: Path) -> None:
    trap = temporary / f"zampay-metrics-{os.getuid()}-{os.getppid()}"
    (temporary / "elsewhere").mkdir()
    trap.symlink_to(temporary / "elsewhere")
    with pytest.raises(SystemExit, match="belongs to somebody else"):
        shared_metrics.prepare()


def test_the_present_of_the_dead_is_forgotten_and_their_past_is_not(tmp_path: Path) -> None:
    names = {
        f"gauge_livesum_{NOBODY_RUNS}.db": False,
        f"gauge_all_{NOBODY_RUNS}.db": False,
        f"gauge_livesum_{os.getpid()}.db": True,
        f"counter_{NOBODY_RUNS}.db": True,
        f"histogram_{NOBODY_RUNS}.db": True,
    }
    for name in names:
        (tmp_path / name).touch()
    shared_metrics.forget_the_dead(tmp_path)
    assert {name: (tmp_path / name).exists() for name in names} == names


@pytest.mark.parametrize("place", ["named", "own"])
def test_a_process_begins_without_the_present_of_one_that_had_its_id(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    shared = temporary / f"zampay-metrics-{os.getuid()}-{os.getppid()}"
    if place == "named":
        monkeypatch.setenv(shared_metrics.VARIABLE, str(shared))
    names = {
        f"gauge_livesum_{os.getpid()}.db": False,
        f"gauge_livesum_{NOBODY_RUNS}.db": False,
        f"gauge_livesum_{os.getppid()}.db": True,
        f"counter_{os.getpid()}.db": True,
    }
    shared.mkdir()
    for name in names:
        (shared / name).touch()
    shared_metrics.prepare()
    assert {name: (shared / name).exists() for name in names} == names
