"""What docs/operations.md has pasted into a shell about the database, done as written there."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dev import postgres
from dev.environment import ROOT
from dev.merchant import Merchant
from dev.servers import as_postgresql
from dev.stack import Stack
from zampay.providers.registry import NETWORKS

pytestmark = pytest.mark.long

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
DRILL = f"zampay_drill_{os.getpid()}"
WITHOUT_SIGN_OF_LIFE = {"worker", "beat"}
PLAIN = 'pg_dump {} --format=custom --file="$DUMP" "$DATABASE_URL"'
TABLES = """
    SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


def blocks(title: str, language: str) -> list[str]:
    """What stands in code blocks of one section."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)


@pytest.fixture
def kept(stack: Stack) -> Stack:
    """Books with something in them."""
    stack.start("web")
    shop = Merchant.register(stack.url, business_name="Shop", email="owner@example.com")
    for order in range(3):
        shop.pay(external_id=f"o-{order}", amount="1.25", msisdn="260963123400")
    stack.stop("web")
    return stack


@pytest.fixture
def drill_url(kept: Stack) -> Iterator[str]:
    """Where the page's `zampay_drill` will be, removed in the end."""
    url = urlsplit(as_postgresql(kept.servers.database_url))
    yield url._replace(path=f"/{DRILL}").geturl()
    kept.servers.drop_database(DRILL)


def shell(script: str, typed: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
    ours = (postgres.binary("pg_dump").parent, ROOT / "bin")
    return subprocess.run(
        ["/bin/sh", "-euc", script],
        cwd=ROOT,
        env={**os.environ, **more, "PATH": os.pathsep.join([*map(str, ours), os.environ["PATH"]])},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def drill(url: str) -> list[object]:
    """What the page's queries give."""
    scope, *queries = blocks("Backups", "sql")[0].splitlines()
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute(scope)
        return [link.execute(query).fetchall() for query in queries]


def contents(url: str) -> dict[str, tuple[object, ...]]:
    """Each table: whether row-level security holds, how many rows, and what they come to."""
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
        found = {}
        for name, *security in link.execute(TABLES).fetchall():
            query = f'SELECT count(*), sum(hashtext(t::text)::bigint) FROM "{name}" t'  # noqa: S608
            found[name] = (*security, *(link.execute(query).fetchone() or ()))
        return found


def require_that_less_is_not_enough(url: str, directory: Path) -> None:
    """The role alone is refused; told to dump what it sees, it dumps nothing."""
    told = {"DATABASE_URL": url, "DUMP": str(directory / "less")}
    refused = shell(PLAIN.format(""), **told)
    assert refused.returncode != 0
    assert "row-level security" in refused.stderr
    assert shell(PLAIN.format("--enable-row-security"), **told).returncode == 0
    listed = shell('pg_restore --data-only --table=transfers --file=- "$DUMP"', **told)
    assert listed.returncode == 0
    assert "260963123400" not in listed.stdout


def wrong(kept: Stack, script: str, url: str, directory: Path) -> set[str]:
    """What the doctor finds wrong, with a file that names a database that is not there."""
    (directory / "url").write_text(f"{kept.servers.database_url}_of_yesterday")
    networks = tuple(f"{network.code}_" for network in NETWORKS)
    told = {key: value for key, value in kept.environment.items() if not key.startswith(networks)}
    told |= {"DATABASE_URL_FILE": str(directory / "url"), "NEW_DATABASE_URL": url}
    said = shell(script, **told)
    assert "books: all" in said.stdout, said.stderr
    return set(re.findall(r"^WRONG   (\w+)", said.stdout, re.MULTILINE))


def test_the_dump_of_the_page_holds_everything_and_comes_back(
    kept: Stack, drill_url: str, tmp_path: Path
) -> None:
    backup, restore, doctor = blocks("Backups", "sh")
    url = as_postgresql(kept.servers.database_url)
    require_that_less_is_not_enough(url, tmp_path)
    dumped = shell(backup, DATABASE_URL=url, DUMP=str(tmp_path / "dump"))
    assert dumped.returncode == 0, dumped.stderr
    admin_url = as_postgresql(kept.servers.admin_url or url)
    owned = restore.replace("--owner=zampay", f"--owner={urlsplit(url).username}")
    restored = shell(
        owned.replace("zampay_drill", DRILL),
        ADMIN_URL=admin_url,
        NEW_DATABASE_URL=drill_url,
        DUMP=str(tmp_path / "dump"),
    )
    assert restored.returncode == 0, restored.stderr

    assert drill(drill_url) == drill(url)
    assert drill(drill_url)[0] == [("PENDING", 3, 375)]
    assert contents(drill_url) == contents(url)
    with psycopg.connect(drill_url) as link:
        assert link.execute("SELECT count(*) FROM transfers").fetchone() == (0,)
        link.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
        with pytest.raises(psycopg.errors.RestrictViolation):
            link.execute("UPDATE transfers SET amount_minor = amount_minor + 1")
    with Stack(kept.servers, kept.directory, environment={"DATABASE_URL": drill_url}) as again:
        again.zampay("db", "check")
    assert wrong(kept, doctor, drill_url, tmp_path) == WITHOUT_SIGN_OF_LIFE


def test_psql_as_the_page_has_it_sees_every_row_and_changes_none(kept: Stack) -> None:
    (script,) = blocks("Commands", "sh")
    typed = "SELECT 'seen ' || count(*) FROM transfers;\nDELETE FROM transfers;\n"
    said = shell(script, typed, DATABASE_URL=as_postgresql(kept.servers.database_url))
    assert "seen 3" in said.stdout
    assert "cannot execute DELETE in a read-only transaction" in said.stderr
