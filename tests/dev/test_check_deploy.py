"""Mistakes in deploy and pipeline files are found in development."""

import shutil
from pathlib import Path

import pytest

from dev.check_deploy import mistakes_in
from dev.common import ROOT

pytestmark = pytest.mark.long

MISTAKES = {
    ".github/workflows/ci.yml": ("runs-on:", "runs_on:", "check-jsonschema"),
    ".github/workflows/image.yml": ('sign --yes "$IMAGE', "sign --yes ${{ github.ref }}", "zizmor"),
    ".github/dependabot.yml": ("weekly", "fortnightly", "check-jsonschema"),
    "docker-compose.yml": ("cap_drop:", "cap_drops:", "check-jsonschema"),
    "Dockerfile": ("USER 10001:10001", "USER root", "hadolint"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    for name in ("Dockerfile", "docker-compose.yml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_there_is_none(copy: Path) -> None:
    assert list(mistakes_in(copy)) == []


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found_and_its_file_named(copy: Path, name: str) -> None:
    right, wrong, finder = MISTAKES[name]
    text = (copy / name).read_text(encoding="utf-8")
    assert right in text
    (copy / name).write_text(text.replace(right, wrong), encoding="utf-8")
    found = list(mistakes_in(copy))
    assert any(one.startswith(f"{finder}:\n") and name in one for one in found), found
