"""A web process that cannot start says why and ends: its server does not try for ever."""

import os
import subprocess

from dev import procfile
from dev.settings import base

DEADLINE_S = 60


def test_a_wrong_environment_ends_the_web_process_with_every_problem_said() -> None:
    environment = {"PATH": base()["PATH"], "APP_ENV": "production", "PORT": "0"}
    ended = subprocess.run(
        procfile.shell(procfile.read()["web"]),
        env={**environment, "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    said = ended.stdout + ended.stderr
    assert said.count("ZamPay cannot start:") == 1
    assert ended.returncode == 1
    assert "DATABASE_URL: Environment variable not set." in said
    assert "SECRET_KEY: Environment variable not set." in said
