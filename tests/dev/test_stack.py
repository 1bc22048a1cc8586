"""The supervisor, with stand-ins for the processes of the gateway: nothing is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dev.environment import DevError, await_condition
from dev.servers import Servers
from dev.stack import Stack, shell
from tests.support.processes import offspring

NOWHERE = Servers("postgresql://zampay@127.0.0.1/zampay", "redis://127.0.0.1/0", admin_url=None)
STAYS = [sys.executable, "-c", "import time; time.sleep(60)"]
WEB = """
import http.server, os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
class Live(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Live).serve_forever()
"""
SERVES = [sys.executable, "-c", WEB]


def test_web_is_ready_when_it_answers(directory: Path) -> None:
    with Stack(NOWHERE, directory) as stack:
        stack.start("web", command=SERVES)
        assert stack.process("web").alive


def test_nothing_is_left_after_success(directory: Path) -> None:
    before = offspring()
    with Stack(NOWHERE, directory) as stack:
        stack.start("web", command=SERVES)
        stack.start("beat", command=STAYS)
        assert len(offspring() - before) == 3  # web, its child, and beat
    await_condition(lambda: offspring() <= before, timeout_s=5, wanted="the end of all")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, DevError])
def test_nothing_is_left_after_a_failure_or_ctrl_c(
    directory: Path, interruption: type[BaseException]
) -> None:
    def fails() -> None:
        with Stack(NOWHERE, directory) as stack:
            stack.start("web", command=SERVES)
            raise interruption

    before = offspring()
    with pytest.raises(interruption):
        fails()
    await_condition(lambda: offspring() <= before, timeout_s=5, wanted="the end of all")


def test_a_start_that_fails_shows_the_log(directory: Path) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no such table')"]
    with (
        Stack(NOWHERE, directory) as stack,
        pytest.raises(DevError, match=r"(?s)web ended with status 1.*no such table"),
    ):
        stack.start("web", command=broken)


def test_a_death_is_noticed_but_a_killing_of_our_own_is_not(directory: Path) -> None:
    with Stack(NOWHERE, directory) as stack:
        stack.start("beat", command=STAYS)
        stack.require_alive()
        stack.kill("beat")
        stack.require_alive()
        stack.start("beat", command=STAYS)
        psutil.Process(stack.process("beat").pid).kill()
        await_condition(lambda: not stack.process("beat").alive, timeout_s=5, wanted="its end")
        with pytest.raises(DevError, match="beat ended with status 137"):
            stack.require_alive()


def test_a_line_of_the_procfile_is_the_shells() -> None:
    told = {"PORT": "8000", "PATH": os.environ["PATH"]}
    command = shell("MODE=fast sh -c 'echo $MODE $PORT' ${NAME:-nobody}")
    assert subprocess.check_output(command, env=told, text=True) == "fast 8000\n"


def test_a_signal_reaches_the_program_of_the_line_itself() -> None:
    with subprocess.Popen(shell("sleep 60")) as program:
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == -signal.SIGTERM


def test_one_process_can_be_given_other_settings(directory: Path) -> None:
    shows = [sys.executable, "-c", "import os; print(os.environ['APP_ENV'], os.environ['MOOD'])"]
    with Stack(NOWHERE, directory, environment={"MOOD": "calm"}) as stack:
        stack.start("beat", command=shows, environment={"APP_ENV": "test"})
        stack.process("beat").wait(timeout_s=20)
        assert stack.process("beat").output() == "test calm\n"


def test_gateway_and_simulator_are_given_the_same_keys(directory: Path) -> None:
    environment = Stack(NOWHERE, directory).environment
    for name in ("SUBSCRIPTION_KEY", "API_USER", "API_KEY"):
        assert environment[f"MTN_COLLECTION_{name}"] == environment[f"SIMULATOR_MTN_{name}"]
    assert Stack(NOWHERE, directory).environment["SECRET_KEY"] == environment["SECRET_KEY"]
