"""The embedded servers: a plain role, passwords, one owner per directory, or none at all."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from dev.environment import DevError
from dev.servers import FAST, Servers, servers, temporary_servers


@pytest.fixture(scope="module")
def started() -> Iterator[Servers]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        with temporary_servers() as running:
            yield running


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as link:
        row = link.execute(query).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_the_role_of_the_application_has_no_power_over_the_server(started: Servers) -> None:
    powers = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
    query = f"SELECT {powers} FROM pg_roles WHERE rolname = current_user"  # noqa: S608
    assert ask(started.database_url, query) == (False, False, False, False, False)


def test_the_role_of_the_application_belongs_to_no_other_role(started: Servers) -> None:
    query = "SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole"
    assert ask(started.database_url, query) == 0


def test_the_role_of_the_application_owns_its_database(started: Servers) -> None:
    query = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert ask(started.database_url, query) == "zampay"


def test_a_further_database_is_owned_by_the_plain_role_and_can_be_copied(started: Servers) -> None:
    first = started.create_database("first")
    with psycopg.connect(first) as link:
        link.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    second = started.create_database("second", template="first")
    assert ask(second, "SELECT answer FROM kept") == 42
    started.drop_database("second")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(second)


def test_a_given_role_makes_databases_of_its_own_or_is_told_what_it_lacks(started: Servers) -> None:
    assert started.admin_url is not None
    given = Servers(started.database_url, started.redis_url, admin_url=None)
    with pytest.raises(DevError, match=r"ALTER ROLE .* CREATEDB"):
        given.create_database("own")
    with psycopg.connect(started.admin_url, autocommit=True) as link:
        link.execute("ALTER ROLE zampay CREATEDB")
    try:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert ask(given.create_database("own"), owner) == "zampay"
        given.drop_database("own")
    finally:
        with psycopg.connect(started.admin_url, autocommit=True) as link:
            link.execute("ALTER ROLE zampay NOCREATEDB")


def test_nobody_enters_without_the_password(started: Servers) -> None:
    wrong = started.database_url.replace("zampay:", "zampay:0", 1)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    place = started.redis_url.split("@")[1]
    with (
        redis.Redis.from_url(f"redis://{place}") as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()


def test_valkey_speaks_redis(started: Servers) -> None:
    with redis.Redis.from_url(started.redis_url) as client:
        assert client.set("key", "value", nx=True)
        assert client.get("key") == b"value"


def test_a_path_too_long_for_a_unix_socket_is_no_problem_and_rows_stay(directory: Path) -> None:
    deep = directory / ("x" * 60) / ("y" * 60)
    with servers(deep, settings=FAST) as running, psycopg.connect(running.database_url) as link:
        link.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with servers(deep, settings=FAST) as running:
        assert ask(running.database_url, "SELECT answer FROM kept") == 42


def test_secrets_are_for_their_owner_only(directory: Path) -> None:
    with servers(directory, settings=FAST):
        modes = {
            file.name: file.stat().st_mode & 0o777
            for file in (directory / "credentials.json", directory / "valkey" / "valkey.conf")
        }
    assert modes == {"credentials.json": 0o600, "valkey.conf": 0o600}
    assert not (directory / "postgres.password").exists()


def test_a_directory_in_use_is_refused_to_a_second_program(directory: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(servers(directory, settings=FAST))
        with pytest.raises(DevError, match="Another program uses"):
            stack.enter_context(servers(directory, settings=FAST))


def test_servers_of_the_environment_are_used_and_nothing_is_started(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://someone@db.example/zampay")
    monkeypatch.setenv("REDIS_URL", "redis://cache.example")
    with servers(directory / "unused") as given:
        assert given.database_url == "postgres://someone@db.example/zampay"
        assert given.redis_url == "redis://cache.example"
        assert given.admin_url is None
    assert not (directory / "unused").exists()


@pytest.mark.parametrize(
    ("present", "missing"), [("DATABASE_URL", "REDIS_URL"), ("REDIS_URL", "DATABASE_URL")]
)
def test_one_server_of_the_environment_without_the_other_is_refused(
    directory: Path, monkeypatch: pytest.MonkeyPatch, present: str, missing: str
) -> None:
    monkeypatch.setenv(present, "somewhere")
    with (
        pytest.raises(DevError, match=f"^{missing} is not set"),
        servers(directory),
    ):
        pytest.fail("a server was started")
