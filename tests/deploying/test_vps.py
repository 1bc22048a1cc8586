"""deploy/vps: units that systemd takes, and a backup that can be read."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import Config
from dev import postgres
from dev.environment import ROOT
from dev.servers import as_postgresql
from dev.stack import PROCFILE
from tests.support.merchants import Merchant

VPS = ROOT / "deploy" / "vps"
README = (VPS / "README.md").read_text(encoding="utf-8")


def test_the_target_wants_every_process_of_the_procfile() -> None:
    target = (VPS / "zampay.target").read_text(encoding="utf-8")
    wanted = set(re.findall(r"zampay[@-](\w+)\.service", target))
    assert wanted == set(PROCFILE)


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed: its units cannot be read by it")
    for unit in VPS.glob("zampay*.*"):
        text = unit.read_text(encoding="utf-8")
        # Paths of a machine that has been set up, which this one is not.
        there = re.sub(r"^ExecStart=.*", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(there, encoding="utf-8")
    units = [str(unit).replace("@.", "@web.") for unit in sorted(tmp_path.iterdir())]
    found = subprocess.run(
        [program, "verify", "--recursive-errors=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_the_backup_keeps_the_newest_and_reads_back_what_it_wrote(
    merchant: Merchant, settings: Config, tmp_path: Path
) -> None:
    for _ in range(3):
        merchant.pay(live=False)
    for day in range(3):
        (tmp_path / f"zampay-2020010{day}T000000Z.dump").touch()
    done = subprocess.run(
        [VPS / "backup"],
        env={
            "PATH": f"{postgres.binary('pg_dump').parent}:/usr/bin:/bin",
            "DATABASE_URL": as_postgresql(settings.database_url),
            "BACKUP_DIRECTORY": str(tmp_path),
            "BACKUP_KEPT": "2",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(".dump: 3 transfers")
    kept = sorted(file.name for file in tmp_path.iterdir())
    assert len(kept) == 2
    assert kept[0] == "zampay-20200102T000000Z.dump"


def test_a_backup_that_fails_leaves_no_dump(tmp_path: Path) -> None:
    done = subprocess.run(
        [VPS / "backup"],
        env={
            "PATH": f"{postgres.binary('pg_dump').parent}:/usr/bin:/bin",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing",
            "BACKUP_DIRECTORY": str(tmp_path),
        },
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert not list(tmp_path.glob("*.dump"))


def test_the_settings_of_the_page_exist() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    written = README.split("<<END\n")[1].split("\nEND\n")[0]
    names = set(re.findall(r"^([A-Z_]+)=", written, re.MULTILINE))
    assert names <= set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
