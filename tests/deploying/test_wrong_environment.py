"""A web process that cannot start says why and ends: its server does not try for ever."""

import os
import subprocess

import pytest

from dev.stack import PROCFILE, Stack, base_environment, shell
from dev.supervisor import Process

DEADLINE_S = 60


def test_a_wrong_environment_ends_the_web_process_with_every_problem_said() -> None:
    environment = {"PATH": base_environment()["PATH"], "APP_ENV": "production", "PORT": "0"}
    ended = subprocess.run(
        shell(PROCFILE["web"]),
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


@pytest.mark.long
@pytest.mark.parametrize(
    ("application", "says"),
    [
        ("tests.deploying.broken_web:app", "This role sees every row."),
        ("nowhere.to.be.found:app", "nowhere.to.be.found:app cannot be loaded"),
    ],
)
def test_an_application_that_gives_up_at_its_start_is_not_started_again(
    stack: Stack, application: str, says: str
) -> None:
    line = f"{PROCFILE['web']} --app {application}"
    with Process("web", shell(line), stack.directory, environment=stack.environment) as web:
        assert web.wait(timeout_s=DEADLINE_S) == 1
        assert says in web.output()
