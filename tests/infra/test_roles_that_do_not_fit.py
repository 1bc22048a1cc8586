"""The lesser role is a plain one: not by a detour over other roles either, nor as an owner."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier, Literal

from dev.servers import Servers, as_postgresql
from zampay import privileges
from zampay.infra.database import db

ROLE, DETOUR = f"zampay_lesser_{os.getpid()}", f"zampay_detour_{os.getpid()}"
Admin = Callable[..., None]


@pytest.fixture(scope="module")
def owner_url(servers: Servers) -> Iterator[str]:
    """A database of the owner's."""
    if servers.admin_url is None:
        pytest.skip("the given servers let nobody make a second role")
    name = f"zampay_unfit_{os.getpid()}"
    yield as_postgresql(servers.create_database(name))
    servers.drop_database(name)


@pytest.fixture
def admin(servers: Servers, owner_url: str) -> Iterator[Admin]:
    """Statements of the superuser in that database; two plain roles are there."""
    assert servers.admin_url is not None
    url = f"{servers.admin_url.rpartition('/')[0]}/{owner_url.rpartition('/')[2]}"
    with psycopg.connect(url, autocommit=True) as link:

        def say(*statements: str) -> None:
            for statement in statements:
                names = {"role": Identifier(ROLE), "detour": Identifier(DETOUR)}
                here = Identifier(owner_url.rpartition("/")[2])
                link.execute(SQL(statement).format(**names, here=here))

        own = link.execute(
            "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert own is not None
        password = Literal(PASSWORD)
        link.execute(SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(ROLE), password))
        say("CREATE ROLE {detour}")
        yield say
        link.execute(
            SQL("ALTER DATABASE {} OWNER TO {}").format(
                Identifier(owner_url.rpartition("/")[2]), SQL(own[0])
            )
        )
        say("ALTER SCHEMA public OWNER TO pg_database_owner")
        with suppress(psycopg.Error):
            say("DROP FUNCTION public.mine()")
        say("DROP OWNED BY {role}, {detour}", "DROP ROLE {role}, {detour}")


PASSWORD = secrets.token_hex(16)


@contextmanager
def owner(owner_url: str) -> Iterator[sa.Connection]:
    """As the release connects."""
    url = owner_url.replace("postgresql:", "postgresql+psycopg:")
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as link:
        yield link


def check(owner_url: str) -> None:
    with owner(owner_url) as link:
        privileges.check(link, app_role=ROLE)


def test_a_plain_role_fits(admin: Admin, owner_url: str) -> None:
    admin("GRANT {detour} TO {role}")
    check(owner_url)


MADE = "CREATE FUNCTION public.mine() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$"
UNFIT = {
    "a superuser by a detour": ("ALTER ROLE {detour} SUPERUSER", "GRANT {detour} TO {role}"),
    "past row security by a detour": (
        *("ALTER ROLE {detour} BYPASSRLS", "GRANT {detour} TO {role}"),
    ),
    "a replica": ("ALTER ROLE {role} REPLICATION",),
    "writes everywhere": ("GRANT pg_write_all_data TO {role}",),
    "reads everywhere by a detour": (
        *("GRANT pg_read_all_data TO {detour}", "GRANT {detour} TO {role}"),
    ),
    "runs programs": ("GRANT pg_execute_server_program TO {role}",),
    "owns the database": ("ALTER DATABASE {here} OWNER TO {role}",),
    "owns a function": (MADE, "ALTER FUNCTION public.mine() OWNER TO {role}"),
    "owns a function by a detour": (
        *(MADE, "ALTER FUNCTION public.mine() OWNER TO {detour}", "GRANT {detour} TO {role}"),
    ),
}


@pytest.mark.parametrize("statements", UNFIT.values(), ids=UNFIT.keys())
def test_a_role_with_more_rights_than_it_seems_stops_the_release(
    admin: Admin, owner_url: str, statements: tuple[str, ...]
) -> None:
    admin(*statements)
    with pytest.raises(privileges.AppRoleNotFit, match=ROLE):
        check(owner_url)


def test_a_role_that_can_become_a_superuser_is_refused_at_the_start(
    admin: Admin, owner_url: str
) -> None:
    admin("ALTER ROLE {detour} SUPERUSER", "GRANT {detour} TO {role}")
    place = owner_url.rpartition("@")[2]
    with (
        psycopg.connect(f"postgresql://{ROLE}:{PASSWORD}@{place}") as link,
        pytest.raises(db.RoleBypassesRowSecurity, match=ROLE),
    ):
        db.prepare(link, refuse_bypass=True)


def test_a_release_takes_back_the_right_to_make_things_beside_ours(
    admin: Admin, owner_url: str
) -> None:
    admin("GRANT ALL ON SCHEMA public TO {role}, PUBLIC")
    with owner(owner_url) as link:
        privileges.close_schema(link, app_role=ROLE)
        query = sa.text("SELECT has_schema_privilege(:role, 'public', 'CREATE')")
        assert not link.execute(query, {"role": ROLE}).scalar_one()


def test_a_release_that_cannot_take_it_back_stops(admin: Admin, owner_url: str) -> None:
    admin("ALTER SCHEMA public OWNER TO {detour}", "GRANT CREATE ON SCHEMA public TO {role}")
    with (
        owner(owner_url) as link,
        pytest.raises(privileges.AppRoleNotFit, match="as the superuser"),
    ):
        privileges.close_schema(link, app_role=ROLE)
