"""A revision that would stop the traffic of a table is found before it is merged."""

import shutil
from pathlib import Path

import pytest

from dev.environment import ROOT
from dev.migration_locks import findings

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "20261128_first"

def upgrade():
    {statement}
"""
INDEX = 'op.create_index("ix_n", "transfers", ["kind"]'
AT_REST = "if_not_exists=True, postgresql_concurrently=True"
HARMLESS = [
    'op.add_column("transfers", sa.Column("note", sa.Text()))',
    f"with op.get_context().autocommit_block(): {INDEX}, {AT_REST})",
    'op.create_table("fresh", sa.Column("n", sa.Text())); op.create_index("ix_n", "fresh", ["n"])',
]
STOPPING = {
    "require-concurrent-index-creation": f"{INDEX})",
    "adding-required-field": 'op.add_column("transfers", sa.Column("n", sa.Text, nullable=False))',
    "changing-column-type": 'op.alter_column("transfers", "reference", type_=sa.String(10))',
    "adding-not-nullable-field": 'op.alter_column("transfers", "msisdn", nullable=False)',
    "renaming-column": 'op.alter_column("transfers", "msisdn", new_column_name="number")',
    "constraint-missing-not-valid": 'op.create_check_constraint("ck", "transfers", "1 = 1")',
    "ban-drop-table": 'op.drop_table("transfers")',
}


def judged(directory: Path, statement: str) -> str:
    migrations = directory / "migrations"
    shutil.copytree(ROOT / "migrations", migrations)
    revision = REVISION.format(statement=statement)
    (migrations / "versions" / "next.py").write_text(revision, encoding="utf-8")
    return findings(migrations)


@pytest.mark.parametrize("statement", HARMLESS)
def test_a_revision_that_stops_nothing_passes(tmp_path: Path, statement: str) -> None:
    assert judged(tmp_path, statement) == ""


@pytest.mark.parametrize(("rule", "statement"), STOPPING.items())
def test_a_revision_that_would_stop_traffic_is_found(
    tmp_path: Path, rule: str, statement: str
) -> None:
    found = judged(tmp_path, statement)
    assert rule in found
    assert "next.sql" in found
    assert "first.sql" not in found
