"""The image, as far as its text tells; `make image` builds it and tries its processes."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from dev.environment import ROOT
from dev.stack import PROCFILE, shell

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
FINAL_STAGE = DOCKERFILE.rsplit("\nFROM ", 1)[1]
PROGRAM = '#!/bin/sh\nprintf "%s|" "$(basename "$0")" "$@" "${PORT:-}" "${WEB_CONCURRENCY:-}"\n'
COUNT = {"PORT": "9000", "WEB_CONCURRENCY": "3", "WORKER_CONCURRENCY": "5"}


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment whose programs only tell how they were called."""
    for name in ("python", "zampay"):
        (tmp_path / name).write_text(PROGRAM)
        (tmp_path / name).chmod(0o755)
    return {"PATH": f"{tmp_path}{os.pathsep}{os.defpath}"}


@pytest.mark.parametrize("settings", [{}, COUNT])
@pytest.mark.parametrize("name", PROCFILE)
def test_the_image_starts_what_the_procfile_says(
    programs: dict[str, str], name: str, settings: dict[str, str]
) -> None:
    environment = programs | settings
    entry = subprocess.check_output([ROOT / "deploy/start", name], env=environment, text=True)
    line = shell(PROCFILE[name])
    assert entry == subprocess.check_output(line, env=environment, text=True)
    assert entry.split("|")[:3] == ["python", "-m", "zampay"]


def test_anything_else_is_run_as_it_is(programs: dict[str, str]) -> None:
    command = [str(ROOT / "deploy/start"), "zampay", "tenant", "activate", "a b"]
    assert (
        subprocess.check_output(command, env=programs, text=True) == "zampay|tenant|activate|a b|||"
    )


def test_the_program_gets_the_signals_itself() -> None:
    with subprocess.Popen([ROOT / "deploy/start", "sleep", "60"]) as program:
        program.terminate()
        assert program.wait(timeout=20) == -15


def test_both_stages_stand_on_one_exact_base() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[0])


def test_packages_come_with_hashes_apart_from_the_code_and_none_is_for_developers() -> None:
    stage = DOCKERFILE.rsplit("\nFROM ", 1)[0]
    assert re.findall(r"^COPY (.*)$", stage, re.MULTILINE) == [
        "requirements.txt /tmp/requirements.txt"
    ]
    assert "--require-hashes" in stage
    assert "requirements-dev" not in DOCKERFILE
    assert "pip" not in FINAL_STAGE


def test_it_runs_as_nobody() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", FINAL_STAGE, re.MULTILINE)
    assert user is not None
    assert min(map(int, user.groups())) >= 10_000
    assert "STOPSIGNAL SIGTERM" in FINAL_STAGE


def test_the_builder_gets_what_is_copied_and_nothing_else() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    wanted = {path for line in copied for path in line.split()}
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == wanted
    assert [path for path in wanted if not (ROOT / path).exists()] == []
