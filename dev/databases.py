"""Databases on the embedded PostgreSQL, each owned by the plain role that the application uses."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Composed, Identifier, Literal

from dev.common import DevError

ROLE: Final = "zampay"
"""The application's role, and its first database: like the single role of managed PostgreSQL."""


@dataclass(frozen=True)
class Servers:
    """Where the servers are.

    `database_url` is the plain role's; `admin_url` the superuser's, None for servers that were
    given by the environment.
    """

    database_url: str
    redis_url: str
    admin_url: str | None

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Make a database owned by the plain role, empty or as a copy; its URL.

        A `template` must have no connection open. DevError when the environment's own role may
        not create databases.
        """
        command = SQL("CREATE DATABASE {}").format(Identifier(name))
        if self.admin_url is not None:
            command += SQL(" OWNER {}").format(Identifier(ROLE))
        if template is not None:
            command += SQL(" TEMPLATE {}").format(Identifier(template))
        try:
            self._administer(command)
        except errors.InsufficientPrivilege as error:
            raise DevError(
                "The role of DATABASE_URL may not create databases; tests need that: "
                "ALTER ROLE ... CREATEDB."
            ) from error
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting the connections to it; nothing if there is none."""
        self._administer(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def _administer(self, command: Composed) -> None:
        with psycopg.connect(
            as_postgresql(self.admin_url or self.database_url), autocommit=True
        ) as link:
            link.execute(command)


def ensure_role(servers: Servers, *, password: str) -> None:
    """Make the plain role and its database on a fresh embedded server."""
    assert servers.admin_url is not None
    with psycopg.connect(servers.admin_url, autocommit=True) as link:
        if link.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
            link.execute(
                SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
                    " NOREPLICATION PASSWORD {}"
                ).format(Identifier(ROLE), Literal(password))
            )
        if link.execute("SELECT FROM pg_database WHERE datname = %s", [ROLE]).fetchone() is None:
            servers.create_database(ROLE)


def as_postgresql(url: str) -> str:
    """A SQLAlchemy or Heroku URL as PostgreSQL's own library reads it."""
    return urlsplit(url)._replace(scheme="postgresql").geturl()
