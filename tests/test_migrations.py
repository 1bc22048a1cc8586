"""The migrations: one head, in step with the models, and every step leads both ways."""

import os
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask_migrate import check, downgrade, upgrade

import config
from dev.environment import ROOT
from dev.servers import Servers, as_postgresql
from zampay.app import create_app
from zampay.infra.database.db import db

pytestmark = pytest.mark.long

HISTORY = ScriptDirectory(str(ROOT / "migrations"))
REMAINS = """
    SELECT relname FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'alembic_version%'
    UNION ALL
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def url(servers: Servers, settings: config.Config) -> Iterator[str]:
    """An empty database, which the application that is entered here uses."""
    name = f"zampay_migrations_{os.getpid()}"
    made = servers.create_database(name)
    with create_app(replace(settings, database_url=made), as_owner=True).app_context():
        yield made
        db.engine.dispose()
    servers.drop_database(name)


def test_every_step_leads_up_and_down_and_the_models_need_no_other(url: str) -> None:
    assert len(HISTORY.get_heads()) == 1
    upgrade()
    check()
    for _ in HISTORY.walk_revisions():
        downgrade()
        upgrade(revision="+1")
        downgrade()
    with psycopg.connect(as_postgresql(url)) as link:
        assert link.execute(REMAINS).fetchall() == []
    upgrade()
