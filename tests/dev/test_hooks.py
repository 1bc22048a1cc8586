"""The hooks of .pre-commit-config.yaml find secrets and mistakes in deploy files."""

import secrets
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from dev.environment import ROOT
from zampay.kernel import signing
from zampay.tenants.auth import new_key

CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repo in CONFIG["repos"] for hook in repo["hooks"]}
REAL: dict[str, Callable[[], str]] = {
    "live-key": lambda: f'KEY = "{new_key(livemode=True)}"',
    "test-key": lambda: f"curl -H 'Authorization: Bearer {new_key(livemode=False)}'",
    "webhook": lambda: f"secret: {signing.new_secret()}",
    "mtn": lambda: f"MTN_COLLECTION_API_KEY={secrets.token_hex(16)}",
    "secret-key": lambda: f'SECRET_KEY = "{secrets.token_hex(32)}"',
    "database": lambda: f"postgresql://zampay:{secrets.token_urlsafe(9)}@db/zampay",
    "aws": lambda: "AKIA" + "".join(secrets.choice("ABCDEFGH234567") for _ in range(16)),
    "private-key": lambda: "-----BEGIN " + "RSA PRIVATE KEY-----",
}
MADE_UP = """\
SECRET_KEY=
SECRET_KEY = "0123456789abcdef0123456789abcdef"
DATABASE_URL=postgresql://zampay:password@localhost:5432/zampay
x-tenant-id: ten_01m84gyyrh5j05mp5g9vkcsw98
KEY = "zp_live_" + "0" * 48
"""
MISTAKES = [
    ("workflow-schema", ".github/workflows/ci.yml", "runs-on:", "runs_on:"),
    ("workflow-rules", ".github/workflows/image.yml", '"$IMAGE@', '"${{ github.ref }}@'),
    ("workflow-rules", ".github/workflows/ci.yml", "permissions: {}\n", ""),
    ("workflow-rules", ".github/workflows/ci.yml", "checkout@", "checkout@v7 #"),
    ("workflow-rules", ".github/workflows/ci.yml", "-trixie@", "-trixie #"),
    ("dependabot", ".github/dependabot.yml", "weekly", "fortnightly"),
    ("compose", "docker-compose.yml", "cap_drop:", "cap_drops:"),
    ("dockerfile", "Dockerfile", "USER 10001:10001", "USER root"),
    ("dockerfile", "Dockerfile", 'CMD ["web"]', "CMD web"),
]


def run(hook: str, *files: Path, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    entry = HOOKS[hook]["entry"].replace(".venv/bin/", f"{ROOT}/.venv/bin/")
    named = files if HOOKS[hook].get("pass_filenames", True) else ()
    command = [*shlex.split(entry), *map(str, named)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_every_hook_is_a_program_of_this_machine() -> None:
    assert {repo["repo"] for repo in CONFIG["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}
    assert all((ROOT / hook["entry"].split()[0]).exists() for hook in HOOKS.values())


@pytest.mark.long
def test_each_secret_is_found_and_not_repeated(tmp_path: Path) -> None:
    planted = {kind: make() for kind, make in REAL.items()}
    for kind, secret in planted.items():
        (tmp_path / f"{kind}.py").write_text(f"# settings\n{secret}\n", encoding="utf-8")
    found = run("secrets", *tmp_path.iterdir())
    assert found.returncode == 1
    assert [kind for kind in planted if f"{tmp_path}/{kind}.py:2" not in found.stdout] == []
    assert [kind for kind, secret in planted.items() if secret in found.stdout] == []


@pytest.mark.long
def test_what_is_made_up_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(MADE_UP, encoding="utf-8")
    found = run("secrets", tmp_path / "settings.py")
    assert (found.returncode, found.stdout) == (0, "")


def test_secrets_are_looked_for_in_every_file() -> None:
    assert {"files", "exclude", "types", "types_or"} & HOOKS["secrets"].keys() == set()


@pytest.mark.long
@pytest.mark.parametrize(("hook", "name", "right", "wrong"), MISTAKES, ids=lambda name: name[:20])
def test_a_mistake_in_a_deploy_file_is_found(
    tmp_path: Path, hook: str, name: str, right: str, wrong: str
) -> None:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    copy = tmp_path / name
    shutil.copy(ROOT / name, copy)
    assert run(hook, copy, cwd=tmp_path).returncode == 0
    text = copy.read_text(encoding="utf-8")
    assert right in text
    copy.write_text(text.replace(right, wrong), encoding="utf-8")
    found = run(hook, copy, cwd=tmp_path)
    assert found.returncode != 0
    assert Path(name).name in found.stdout + found.stderr
