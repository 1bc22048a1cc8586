"""MTN's simulator as a program: settings, its first lines, and how a signal ends it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from zampay.__main__ import main

ROOT = Path(__file__).parents[3]
ALL = [sys.executable, "-m", "zampay", "simulate"]
PROGRAM = [*ALL, "mtn"]
OTHERWISE = [
    PROGRAM,
    [sys.executable, "-m", "zampay.simulators", "mtn"],
    [sys.executable, "-m", "zampay.simulators.mtn"],
]


@contextmanager
def program(
    *arguments: str, typed: list[str] = PROGRAM, environment: dict[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, whose first two lines are read, and where it listens."""
    command = [*typed, "--port", "0", *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        process.stdout.readline()
        assert ready.startswith("MTN simulator ready on http://127.0.0.1:")
        try:
            yield process, ready.split()[-1]
        finally:
            process.kill()


def token(base_url: str, subscription_key: str, user: str, api_key: str) -> int:
    headers = {"Ocp-Apim-Subscription-Key": subscription_key}
    url = f"{base_url}/collection/token/"
    return requests.post(url, headers=headers, auth=(user, api_key), timeout=5).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_though_requests_hang(
    number: signal.Signals, until: Callable[..., None]
) -> None:
    with program() as (process, base_url):
        fault = {"operation": "*", "kind": "hang", "times": 1}
        requests.post(f"{base_url}/_admin/faults", json=fault, timeout=5)
        ended = threading.Event()

        def hang() -> None:
            try:
                requests.get(base_url, timeout=10)
            except requests.ConnectionError:
                ended.set()

        threading.Thread(target=hang).start()
        until(lambda: requests.get(f"{base_url}/_admin/faults", timeout=5).json() == [])
        process.send_signal(number)
        assert process.wait(3) == 0
        assert ended.wait(3)


def test_a_reset_connection_logs_nothing() -> None:
    with program() as (process, base_url):
        fault = {"operation": "*", "kind": "reset_before"}
        requests.post(f"{base_url}/_admin/faults", json=fault, timeout=5)
        for _ in range(5):
            with pytest.raises(requests.ConnectionError):
                requests.get(base_url, timeout=5)
        assert requests.get(f"{base_url}/_admin/journal", timeout=5).status_code == 200
        process.terminate()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_keys_come_from_the_command_line_or_the_environment() -> None:
    keys = {"SIMULATOR_MTN_SUBSCRIPTION_KEY": "chosen", "SIMULATOR_MTN_API_USER": "ignored"}
    user = "5f6a1b1e-7d53-4a43-9a55-0b8f5c8f0d11"
    arguments = ("--api-user", user, "--api-key", "secret")
    with program(*arguments, environment=keys) as (_, base_url):
        assert token(base_url, "chosen", user, "secret") == 200
        assert token(base_url, "chosen", "ignored", "secret") == 500


@pytest.mark.parametrize("typed", OTHERWISE, ids=lambda typed: " ".join(typed[2:]))
def test_keys_that_are_not_given_are_made_and_printed(typed: list[str]) -> None:
    with program(typed=typed) as (process, base_url):
        assert process.stdout is not None
        lines = [process.stdout.readline().strip().split(": ") for _ in range(4)]
        made = dict(lines)
        keys = (made["subscription_key"], made["api_user"], made["api_key"])
        assert token(base_url, *keys) == 200


@pytest.mark.parametrize(
    "environment",
    [
        {"SIMULATOR_MTN_ENVIRONMENT": "mtnatlantis"},
        {"SIMULATOR_MTN_CALLBACK_METHOD": "GET"},
        {"SIMULATOR_MTN_APPROVAL_S": "soon"},
    ],
)
@pytest.mark.parametrize("named", [[], ["mtn"]])
def test_an_invalid_setting_stops_the_start(
    named: list[str],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ((variable, value),) = environment.items()
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit, match="2"):
        main(["simulate", *named])
    option = variable.removeprefix("SIMULATOR_MTN_").lower()
    assert option in capsys.readouterr().err.replace("-", "_")
