"""Why a server cannot be used, in the words of PostgreSQL, libpq, Redis and TLS that people search
for.

Health checks show these texts to everybody. They hold no name, address or value, and never the
error's own text. An error before a session exists has no SQLSTATE, only English text of PostgreSQL
or libpq. An unknown error gets a general text.
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa

Told = Sequence[tuple[str, str]]
_REFUSED = "connection refused"
_NO_NAME = "DNS lookup failed"
_NO_TLS = "TLS handshake failed"
_TIMED_OUT = "timed out"
_CLOSED = "connection closed unexpectedly"
_NOT_UP = "the database system is starting up or shutting down"
_CONNECTING: Told = (
    (r"password authentication failed|no password supplied", "password authentication failed"),
    (r"database .* does not exist", "database does not exist"),
    (r"role .* does not exist|not permitted to log in", "role does not exist or may not log in"),
    (r"no pg_hba.conf entry|authentication failed", "no pg_hba.conf entry allows this connection"),
    (r"permission denied for database", "permission denied for database"),
    (r"too many (connections|clients)|remaining connection slots", "too many connections"),
    (r"the database's encoding is", "database encoding is not UTF8"),
    (r"system is (starting up|shutting down|in recovery|not)|recovery state has not", _NOT_UP),
    (r"failed to resolve|could not translate", _NO_NAME),
    (r"refused", _REFUSED),
    (r"time-?out|timed out", _TIMED_OUT),
    (r"ssl|certificate", _NO_TLS),
    (r"server closed the connection|connection .*(lost|reset|broken)", _CLOSED),
)
_SQLSTATES: Told = (
    ("57014|55P03|25P0[34]", "statement, lock or transaction timeout"),
    ("25006", "read-only transaction: a standby, or default_transaction_read_only is on"),
    ("57P0.", _NOT_UP),
    ("53300", "too many connections"),
    ("53...", "insufficient resources: disk full, out of memory, or a limit reached"),
    ("42501", "permission denied for tables"),
    ("42P01|42703|42704|42883|3F000", "tables or columns of this version do not exist"),
    ("28...", "authentication failed"),
    ("3D000", "database does not exist"),
    ("08...", _CLOSED),
    ("58...", "I/O error: the server cannot read or write its files"),
    ("XX00[12]", "data corrupted"),
    ("40...|55...", "deadlock, serialization failure, or object in use"),
)
_REDIS: Told = (
    (r"connection refused", _REFUSED),
    (r"name or service|resolution|nodename|no address", _NO_NAME),
    (r"AuthenticationError|NOAUTH|WRONGPASS", "authentication failed (NOAUTH or WRONGPASS)"),
    (r"time-?out|timed out|HangsLately", _TIMED_OUT),
    (r"BusyLoading|LOADING", "loading the dataset in memory (LOADING)"),
    (r"OutOfMemory|OOM", "out of memory (OOM, maxmemory)"),
    (r"ReadOnly|READONLY", "read-only replica (READONLY)"),
    (r"MISCONF", "no writes while it cannot save to disk (MISCONF)"),
    (r"NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN", "no writes now (NOREPLICAS or CLUSTERDOWN)"),
    (r"NOPERM|NoPermission", "no permission for this command (NOPERM)"),
    (r"ssl|certificate", _NO_TLS),
)
_CALLS: Told = (
    (r"NameResolutionError", _NO_NAME),
    (r"NewConnectionError", f"{_REFUSED}, or no route to host"),
    (r"NotPublicAddress", "not a public address"),
    (r"Timeout|TooLong", _TIMED_OUT),
    (r"SSL|TLS", f"{_NO_TLS}: certificate verify failed, or the server does not speak TLS"),
)


def of_database(error: sa.exc.SQLAlchemyError) -> str:
    """Why PostgreSQL failed."""
    if isinstance(error, sa.exc.TimeoutError):
        return "connection pool exhausted"
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _first(_SQLSTATES, state, "statement failed")
    return _first(_CONNECTING, str(cause or error), "connection failed")


def of_redis(error: Exception) -> str:
    """Why Redis or Valkey failed."""
    return _first(_REDIS, f"{type(error).__name__} {error}", "connection failed")


def of_call(error: Exception) -> str:
    """Why a call by `zampay.infra.http.outbound` got no answer."""
    return _first(_CALLS, str(error), _CLOSED)


def _first(told: Told, text: str, otherwise: str) -> str:
    found = (says for pattern, says in told if re.search(pattern, text, re.IGNORECASE))
    return next(found, otherwise)
