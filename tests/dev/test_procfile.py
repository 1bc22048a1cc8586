"""The Procfile is read as production reads it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from dev import procfile
from dev.common import DevError


def test_each_line_is_a_process(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("# how it runs\nweb: serve --port $PORT wsgi:app\n\nbeat:  tick  \n")
    assert procfile.read(file) == {"web": "serve --port $PORT wsgi:app", "beat": "tick"}


def test_a_line_that_is_no_process_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("web serve\n")
    with pytest.raises(DevError, match="web serve"):
        procfile.read(file)


def test_variables_defaults_and_assignments_are_the_shells() -> None:
    command = procfile.shell("MODE=fast sh -c 'echo $MODE' ${NAME:-nobody}")
    assert subprocess.check_output(command, text=True) == "fast\n"
    command = procfile.shell("echo ${NAME:-nobody} $PORT")
    environment = {"PORT": "8000", "PATH": os.environ["PATH"]}
    assert subprocess.check_output(command, env=environment, text=True) == "nobody 8000\n"


def test_a_signal_reaches_the_program_itself() -> None:
    with subprocess.Popen(procfile.shell("sleep 60")) as program:
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == -signal.SIGTERM
