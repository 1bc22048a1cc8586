"""What a developer is told: a taken port, a bad port, a clear message and the right exit status."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dev.environment import ROOT, DevError, free_port, port_of, require_port, write_private

PROGRAM = (
    "from dev.environment import DevError, run_program\ndef main():\n    {body}\nrun_program(main)"
)


def run(body: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_taken_port_is_said_with_the_variable_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(DevError, match=rf"Port {port} .*PORT={port + 1}"):
            require_port(port, variable="PORT")


def test_a_free_port_is_accepted() -> None:
    require_port(free_port(), variable="PORT")


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 ", "٨٠"])
def test_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(DevError, match=r"^PORT must be"):
        port_of("PORT", 8000)


def test_an_unset_or_empty_port_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    assert port_of("PORT", 8000) == 8000
    monkeypatch.setenv("PORT", "")
    assert port_of("PORT", 8000) == 8000


def test_a_dev_error_is_a_message_and_status_2() -> None:
    ended = run("raise DevError('Set both.')")
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", "Set both.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_program_tidies_up_and_ends_with_status_130(number: int) -> None:
    ended = run(
        f"import os\n    try: os.kill(os.getpid(), {int(number)})\n    finally: print('tidy')"
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "tidy\n", "")


def test_a_private_file_is_for_its_owner_also_when_it_replaces_an_open_one(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("old")
    file.chmod(0o644)
    write_private(file, "new")
    assert file.read_text() == "new"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
