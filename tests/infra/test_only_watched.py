"""What is only watched must not hurt: counts, log lines, audit lines and last uses may be lost, and
the request is answered as if they had been kept.
"""

import errno
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import zampay
from tests.support.log_lines import logging_as_before
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.telemetry import logs, metrics, metrics_files, shared_metrics
from zampay.infra.telemetry.metrics_files import CountsFile, Shared, merge_the_dead
from zampay.kernel import clock
from zampay.tenants import audit, queries

__all__ = ["logging_as_before"]

ROOT = Path(zampay.__file__).parent.parent
NOBODY_RUNS = 2**22 - 1
WEB = """
import json, resource, sys
from zampay.infra.telemetry import shared_metrics
shared_metrics.prepare()
from prometheus_client import REGISTRY, generate_latest
from zampay.infra.telemetry import metrics, metrics_files
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for number in range(2000):
    metrics.CALLBACKS.labels(f"outcome-{number}").inc()
metrics.CALLBACKS.labels("outcome-0").inc()
read = metrics_files.Shared(None, path=str(shared_metrics.directory())).collect()
print(json.dumps({
    "own": REGISTRY.get_sample_value("zampay_callbacks_total", {"outcome": "outcome-0"}),
    "shared": [metric.name for metric in read],
}))
"""

ODD_LINE = """
import structlog
from zampay.infra.telemetry import logs
logs.init(level="INFO", readable=False)
structlog.get_logger().info("odd", text="a\\ud800b")
"""


def key(outcome: str, name: str = "hits") -> str:
    return json.dumps([name, f"{name}_total", {"outcome": outcome}, "Help."])


def counted(directory: Path) -> dict[str, float]:
    """What a scrape of this directory says of `hits`, by outcome."""
    shared = Shared(None, path=str(directory))  # type: ignore[no-untyped-call]
    (metric,) = [one for one in shared.collect() if one.name == "hits"]
    return {sample.labels["outcome"]: sample.value for sample in metric.samples}


def write(directory: Path, pid: int, **counts: float) -> None:
    file = CountsFile(str(directory / f"counter_{pid}.db"))
    for outcome, value in counts.items():
        file.write_value(key(outcome), value, 0.0)
    file.close()


def test_a_process_whose_files_cannot_grow_goes_on(tmp_path: Path) -> None:
    """As a full disk; with files that are mapped into memory it would be ended by a signal."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-c", WEB], env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["own"] == 2.0
    assert isinstance(told["shared"], list)


def test_prometheus_client_keeps_its_counts_in_files_that_are_written() -> None:
    from prometheus_client import values

    assert vars(values)["MmapedDict"] is CountsFile


def test_a_file_that_was_left_is_gone_on_from(tmp_path: Path) -> None:
    write(tmp_path, 1, kept=3.0)
    again = CountsFile(str(tmp_path / "counter_1.db"))
    assert again.read_value(key("kept"))[0] == 3.0
    again.write_value(key("new"), 1.0, 0.0)
    assert counted(tmp_path) == {"kept": 3.0, "new": 1.0}


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"\xff" * 100, b"\x40\x00\x00\x00" + b"\xff" * 60, b"\x00\x01\x00\x00" * 20],
    ids=["empty", "a byte", "ones", "no text", "short"],
)
def test_a_file_that_cannot_be_read_costs_its_own_counts_only(
    tmp_path: Path, content: bytes
) -> None:
    write(tmp_path, os.getpid(), good=2.0)
    for name in ("counter_1.db", "histogram_1.db", f"counter_{NOBODY_RUNS}.db", "strange.db"):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "counter_2.db").mkdir()
    assert counted(tmp_path) == {"good": 2.0}
    begun = CountsFile(str(tmp_path / "counter_1.db"))
    begun.write_value(key("anew"), 1.0, 0.0)
    assert counted(tmp_path) == {"good": 2.0, "anew": 1.0}


@pytest.mark.parametrize("name", ["gone/counter_1.db", "file/counter_1.db"])
def test_without_its_directory_a_process_counts_for_itself(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    counts = CountsFile(str(tmp_path / name))
    counts.write_value(key("own"), 5.0, 0.0)
    assert counts.read_value(key("own"))[0] == 5.0


def test_when_there_is_room_again_everything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = CountsFile(str(tmp_path / "counter_1.db"))
    counts.write_value(key("before"), 1.0, 0.0)
    real, now_s = os.pwrite, [1000.0]
    monkeypatch.setattr(clock, "monotonic_s", lambda: now_s[0])

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    counts.write_value(key("meanwhile"), 2.0, 0.0)
    assert counted(tmp_path) == {"before": 1.0}
    monkeypatch.setattr(os, "pwrite", real)
    now_s[0] += metrics_files.TRY_AGAIN_S + 1
    counts.write_value(key("before"), 3.0, 0.0)
    assert counted(tmp_path) == {"before": 3.0, "meanwhile": 2.0}


def test_the_files_of_the_dead_become_one_and_lose_nothing(tmp_path: Path) -> None:
    write(tmp_path, os.getpid(), a=1.0)
    write(tmp_path, NOBODY_RUNS, a=10.0, b=5.0)
    write(tmp_path, NOBODY_RUNS - 1, a=100.0)
    before = {"a": 111.0, "b": 5.0}
    assert counted(tmp_path) == before
    names = sorted(file.name for file in tmp_path.glob("*.db"))
    assert names == sorted([f"counter_{os.getpid()}.db", "counter_merged.db"])
    write(tmp_path, NOBODY_RUNS, a=1000.0)
    merge_the_dead(tmp_path)
    assert counted(tmp_path) == {"a": 1111.0, "b": 5.0}


def test_a_start_without_room_for_a_directory_is_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for named in (str(tmp_path / "file" / "below"), ""):
        monkeypatch.setenv(shared_metrics.VARIABLE, named)
        monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "file"))
        shared_metrics.prepare()


class FullDisk(io.StringIO):
    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full_log(logging_as_before: None) -> None:
    """Every log line meets a full disk."""
    logs.init(level="INFO", readable=False)
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.stream = FullDisk()


def test_a_full_log_costs_lines_and_no_request(full_log: None, merchant: Merchant) -> None:
    assert merchant.pay(live=False).status_code == 202


def test_half_a_surrogate_pair_costs_no_log_line(logging_as_before: None) -> None:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            ODD_LINE,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(told.stdout)["event"] == "odd"


def fails(*_: Any, **__: Any) -> Any:
    raise sa.exc.OperationalError("", {}, ConnectionError())


def test_a_refusal_that_cannot_be_noted_stays_the_refusal(
    merchant: Merchant, rival: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "record", fails)
    merchant.tenant_id = rival.tenant_id
    refusal(merchant.get("/payments"), 403, "not_your_tenant")


def test_a_last_use_that_cannot_be_noted_refuses_nobody(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "is_long_unused", lambda *_: True)
    monkeypatch.setattr(queries, "mark_used", fails)
    assert merchant.get("/payments").status_code == 200


def test_a_count_that_fails_costs_neither_answer_nor_message(
    app: Flask, merchant: Merchant, task_queue: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "REQUESTS", None)
    assert merchant.get("/payments").status_code == 200
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.once_committed(fails)
        tx.enqueue("transfers.submit", transfer_id="x", tenant_id="y")
    assert task_queue.tasks == ["transfers.submit"]
