"""A command's answer is alone on standard output; what is logged meanwhile is on standard error."""

import os
import subprocess
import sys

import pytest

from dev.environment import ROOT

PROGRAMS = [["zampay"], ["flask", "--app", "wsgi"]]
"""`flask` finds the same commands."""


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program[0])
def test_what_is_logged_beside_a_command_is_not_in_its_answer(program: list[str]) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "development",
        "DATABASE_URL": "postgresql://zampay:opensesame@127.0.0.1:9/zampay",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "a-test-secret-key-of-enough-length",
    }
    done = subprocess.run(
        [sys.executable, "-m", *program, "tenant", "list"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    logged, answered = done.stderr.splitlines()
    assert "database away at start" in logged
    assert answered.startswith("Error: PostgreSQL is away")
