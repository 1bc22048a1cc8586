"""The command `zampay`: what there is, what each command loads, and where it may be typed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pytest

from dev.environment import ROOT
from dev.stack import ZAMPAY
from zampay.__main__ import main
from zampay.cli.commands import ALONE, COMMANDS, load

PROGRAM = ROOT / "bin/zampay"
ROOT_COMMAND = "from zampay.__main__ import main"
OF_THE_GATEWAY = ("config", "wsgi", "zampay.app", "zampay.infra", "sqlalchemy", "celery", "uvicorn")


def run(
    *command: str | Path, cwd: Path = ROOT, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """With nothing in the environment but the programs of this Python."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
    return subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": programs, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def modules(code: str, **environment: str) -> set[str]:
    """What is imported once this has run."""
    tell = f"{code}; import sys; print(*sys.modules, file=sys.stderr)"
    done = run(sys.executable, "-c", tell, cwd=ROOT, **environment)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there_and_says_what_it_does(name: str) -> None:
    command = load(name)
    assert (command.name, bool(command.help)) == (name, True)
    assert f"\n  {name} " in main.get_help(click.Context(main))


def test_help_loads_no_command() -> None:
    loaded = modules(f"{ROOT_COMMAND}; main(['--help'], standalone_mode=False)")
    assert {name for name in loaded if name.startswith("zampay.")} == {
        "zampay.__main__",
        "zampay.cli",
        "zampay.cli.commands",
    }


def test_what_needs_no_settings_loads_nothing_of_the_gateway() -> None:
    loaded = modules(f"{ROOT_COMMAND}; [main.get_command(None, name) for name in {list(ALONE)}]")
    assert {"zampay.listen", "zampay.simulators"} <= loaded
    assert {name for name in loaded if name.startswith(OF_THE_GATEWAY)} == set()


def test_to_find_a_command_needs_no_settings() -> None:
    loaded = modules(f"{ROOT_COMMAND}; [main.get_command(None, name) for name in {list(COMMANDS)}]")
    assert "zampay.cli.doctor" in loaded
    assert not {"config", "wsgi", "zampay.app"} & loaded


def test_the_web_process_loads_neither_commands_nor_what_few_requests_need() -> None:
    settings = {
        "APP_ENV": "development",
        "DATABASE_URL": "postgresql://zampay:opensesame@127.0.0.1:9/zampay",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "a-test-secret-key-of-enough-length",
    }
    loaded = modules("import wsgi", **settings)
    assert "zampay.payments.routes" in loaded
    assert not {name for name in loaded if name.startswith("zampay.cli")}
    assert not {"alembic", "flask_migrate", "mako"} & loaded  # the readiness check asks Alembic
    assert "markdown_it" not in loaded  # pages are made when they are opened


def test_it_is_found_from_anywhere_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(PROGRAM)
    (tmp_path / "zampay.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "export.json").write_text(json.dumps({"data": []}))
    for program in (PROGRAM, tmp_path / "linked"):
        done = run(program, "verify-audit", "export.json", cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "There is no line in it.\n", "")


def test_its_status_is_that_of_the_command(tmp_path: Path) -> None:
    assert run(*ZAMPAY, "verify-audit", str(tmp_path / "nowhere.json")).returncode == 2
    for typed in (("nonsense",), ("verify-audit",), ("web", "--port", "x")):
        done = run(*ZAMPAY, *typed)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: zampay ")


@pytest.mark.parametrize(
    ("typed", "celery"),
    [
        (["beat"], "celery_worker beat --loglevel warning"),
        (
            ["worker", "--hostname", "w1@%h"],
            (
                "celery_worker worker --pool threads --concurrency 7 --without-gossip "
                "--without-mingle --loglevel warning --hostname w1@%h"
            ),
        ),
        (["beat", "--app", "other", "-l", "info"], "other beat --loglevel warning -l info"),
    ],
)
def test_worker_and_beat_become_celery_itself(
    monkeypatch: pytest.MonkeyPatch, typed: list[str], celery: str
) -> None:
    started: list[tuple[str, list[str]]] = []

    def execv(program: str, arguments: list[str]) -> NoReturn:
        started.append((program, arguments))
        raise SystemExit

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setenv("WORKER_CONCURRENCY", "7")
    with pytest.raises(SystemExit):
        main(typed)
    expected = ["celery", "--quiet", "--app", *celery.split()]
    assert started == [(str(Path(sys.executable).with_name("celery")), expected)]
