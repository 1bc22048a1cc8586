"""The backup and the restore drill of docs/operations.md, done as written there."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dev import postgres
from dev.databases import Servers, as_postgresql
from dev.desk import ROOT
from dev.merchant import Merchant
from dev.stack import Stack

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PAGE = PAGE.split("\n## Backups\n")[1].split("\n## ", 1)[0]
SCRIPTS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
QUERIES = re.findall(r"^```sql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0].splitlines()
PLAIN = 'pg_dump {} --format=custom --file="$DUMP" "$DATABASE_URL"'
TABLES = """
    SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


@pytest.fixture
def kept(stack: Stack) -> Stack:
    """Books with something in them."""
    stack.start("web")
    shop = Merchant.register(stack.url, business_name="Shop", email="owner@example.com")
    for order in range(3):
        shop.pay(external_id=f"o-{order}", amount="1.25", msisdn="260963123400")
    stack.stop("web")
    return stack


def shell(script: str, **more: str) -> "subprocess.CompletedProcess[str]":
    programs = f"{postgres._binary('pg_dump').parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-euc", script],
        env={**os.environ, **more, "PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )


def drill(url: str) -> list[object]:
    """What the page's queries give."""
    scope, *queries = QUERIES
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute(scope)
        return [link.execute(query).fetchall() for query in queries]


def contents(url: str) -> dict[str, tuple[object, ...]]:
    """Each table: whether row-level security holds, how many rows, and what they come to."""
    with psycopg.connect(as_postgresql(url)) as link:
        link.execute("SELECT set_config('zampay.tenant_id', '*', true)")
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
    listed = shell('pg_restore --data-only --table=payments --file=- "$DUMP"', **told)
    assert listed.returncode == 0
    assert "260963123400" not in listed.stdout


def test_the_dump_of_the_page_holds_everything_and_comes_back(
    kept: Stack, new_database: Callable[[], Servers], tmp_path: Path
) -> None:
    backup, restore = SCRIPTS
    url = as_postgresql(kept.servers.database_url)
    require_that_less_is_not_enough(url, tmp_path)
    dumped = shell(backup, DATABASE_URL=url, DUMP=str(tmp_path / "dump"))
    assert dumped.returncode == 0, dumped.stderr
    fresh = as_postgresql(new_database().database_url)
    restored = shell(restore, NEW_DATABASE_URL=fresh, DUMP=str(tmp_path / "dump"))
    assert restored.returncode == 0, restored.stderr

    assert drill(fresh) == drill(url)
    assert drill(fresh)[0] == [("PENDING", 3, 375)]
    assert contents(fresh) == contents(url)
    with psycopg.connect(fresh) as link:
        assert link.execute("SELECT count(*) FROM payments").fetchone() == (0,)
        link.execute("SELECT set_config('zampay.tenant_id', '*', true)")
        with pytest.raises(psycopg.errors.RestrictViolation):
            link.execute("UPDATE payments SET amount_minor = amount_minor + 1")
    with Stack(kept.servers, kept.directory, environment={"DATABASE_URL": fresh}) as again:
        again.flask("db", "check")
