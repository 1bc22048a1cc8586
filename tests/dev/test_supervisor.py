"""One supervised process: it ends when asked, by force when it must, and with its children."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from dev.environment import DevError, await_condition
from dev.supervisor import Process, stop_stale
from tests.support.processes import is_gone

OBSTINATE = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
time.sleep(60)
"""


@contextmanager
def running(directory: Path, program: str, *, grace_s: float = 10) -> Iterator[Process]:
    with Process("it", [sys.executable, "-c", program], directory, grace_s=grace_s) as process:
        yield process
        process.kill()


def test_it_ends_when_asked(directory: Path) -> None:
    with running(directory, "import time; time.sleep(60)") as process:
        process.stop()
        assert process.status == 128 + signal.SIGTERM
        assert not process.died
        assert not process.pid_file.exists()


def test_it_may_tidy_up_before_it_ends(directory: Path) -> None:
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('tidy')));"
        "print('up', flush=True); signal.pause()"
    )
    with running(directory, program) as process:
        process.await_log("up")
        process.stop()
        assert process.status == 0
        assert "tidy" in process.output()


def test_it_is_killed_when_it_does_not_end_in_time(directory: Path) -> None:
    program = OBSTINATE + "import time; print('up', flush=True); time.sleep(60)"
    with running(directory, program, grace_s=0.2) as process:
        process.await_log("up")
        process.stop()
        assert process.status == 128 + signal.SIGKILL


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_its_children_end_with_it(directory: Path, way: str) -> None:
    with running(directory, PARENT) as process:
        child = psutil.Process(int(process.await_log(r"child (\d+)\n")[1]))
        getattr(process, way)()
        await_condition(lambda: is_gone(child), timeout_s=5, wanted="the child to end")


def test_its_death_is_told_with_the_end_of_its_log(directory: Path) -> None:
    program = "import sys, time; print('I was here'); sys.exit(3)"
    with running(directory, program) as process:
        with pytest.raises(DevError, match=r"(?s)it ended with status 3.*I was here"):
            process.await_log("never written", timeout_s=20)
        assert process.died


def test_a_wait_in_vain_says_for_what(directory: Path) -> None:
    with (
        running(directory, "import time; time.sleep(60)") as process,
        pytest.raises(DevError, match=r"Waited 0\.1 s in vain for it to write 'never'"),
    ):
        process.await_log("never", timeout_s=0.1)


def test_a_second_start_keeps_the_log_and_reads_on_from_there(directory: Path) -> None:
    with running(directory, "print('one')") as process:
        assert process.wait(timeout_s=20) == 0
        process.command = [sys.executable, "-c", "print('two')"]
        process.start()
        assert process.wait(timeout_s=20) == 0
        assert process.output() == "two\n"
        assert process.log.read_text() == "one\ntwo\n"


def test_it_cannot_be_started_twice(directory: Path) -> None:
    with (
        running(directory, "import time; time.sleep(60)") as process,
        pytest.raises(DevError, match="it runs already"),
    ):
        process.start()


def test_a_process_that_inherited_an_old_id_is_left_alone(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file = directory / "processes" / "old.pid"
        pid_file.parent.mkdir()
        pid_file.write_text(f"{stranger.pid} {int(signal.SIGTERM)}\n")
        long_ago = psutil.Process(stranger.pid).create_time() - 3600
        os.utime(pid_file, (long_ago, long_ago))
        stop_stale(directory)
        assert stranger.poll() is None
        assert not pid_file.exists()
        stranger.kill()
