"""Why a server cannot be used, in words for whoever has to put it right; without names, addresses
or anything else of the error's own text, because health shows them to everybody.

What fails before there is a session has no code, only the server's English text (PostgreSQL and
libpq); a text that is not known is told in general words.
"""

import re
from collections.abc import Sequence

import sqlalchemy as sa

Told = Sequence[tuple[str, str]]
_CONNECTING: Told = (
    (r"password authentication failed|no password supplied", "it refuses the role or its password"),
    (r"database .* does not exist", "it has no database of that name"),
    (r"role .* does not exist|not permitted to log in", "it has no such role that may log in"),
    (r"no pg_hba.conf entry|authentication failed", "it does not let this role in from here"),
    (r"permission denied for database", "the role may not use that database"),
    (r"too many (connections|clients)|remaining connection slots", "it takes no more connections"),
    (r"the database's encoding is", "its encoding is not UTF8, and has to be"),
    (
        r"system is (starting up|shutting down|in recovery|not)|recovery state has not",
        "it is starting or stopping",
    ),
    (r"failed to resolve|could not translate", "nobody knows a host of that name"),
    (r"refused", "nobody listens at that address"),
    (r"time-?out|timed out", "no answer in time"),
    (r"ssl|certificate", "no encrypted connection comes about"),
    (r"server closed the connection|connection .*(lost|reset|broken)", "the connection broke off"),
)
_SQLSTATES: Told = (
    ("57014|55P03|25P0[34]", "it answers too slowly"),
    ("25006", "it takes no writes: a standby, or default_transaction_read_only is on"),
    ("57P0.", "it is starting or stopping"),
    ("53300", "it takes no more connections"),
    ("53...", "it has no room left"),
    ("42501", "the role may not read or write the tables"),
    ("42P01|42703|42704|42883|3F000", "its tables are not those of this version"),
    ("28...", "it refuses the role or its password"),
    ("3D000", "it has no database of that name"),
    ("08...", "the connection broke off"),
    ("58...", "it cannot read or write its files"),
    ("XX00[12]", "its data is damaged"),
    ("40...|55...", "others were in the way"),
)
_REDIS: Told = (
    (r"connection refused", "nobody listens at that address"),
    (r"name or service|resolution|nodename|no address", "nobody knows a host of that name"),
    (r"AuthenticationError|NOAUTH|WRONGPASS", "it refuses the password"),
    (r"time-?out|timed out|HangsLately", "no answer in time"),
    (r"BusyLoading|LOADING", "it is still loading"),
    (r"OutOfMemory|OOM", "it has no room left (maxmemory)"),
    (r"ReadOnly|READONLY", "it is a replica and takes no writes"),
    (r"MISCONF", "it takes no writes while it cannot save to its disk"),
    (r"NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN", "it takes no writes now"),
    (r"NOPERM|NoPermission", "its user may not do that"),
    (r"ssl|certificate", "no encrypted connection comes about"),
)
_CALLS: Told = (
    (r"NameResolutionError", "nobody knows a host of that name"),
    (r"NewConnectionError", "nobody listens at that address"),
    (r"NotPublicAddress", "that address is not a public one"),
    (r"Timeout|TooLong", "no answer in time"),
    (r"SSL", "its certificate is not one that this machine trusts, or it speaks no TLS"),
)


def of_database(error: sa.exc.SQLAlchemyError) -> str:
    """Why PostgreSQL did not do what was asked."""
    if isinstance(error, sa.exc.TimeoutError):
        return "all connections are taken"
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return _first(_SQLSTATES, state, "it refuses what was asked")
    return _first(_CONNECTING, str(cause or error), "no connection comes about")


def of_redis(error: Exception) -> str:
    """Why Redis or Valkey did not do what was asked."""
    return _first(_REDIS, f"{type(error).__name__} {error}", "no connection comes about")


def of_call(error: Exception) -> str:
    """Why a call by `zampay.infra.http.outbound` got no answer."""
    return _first(_CALLS, str(error), "the connection broke off")


def _first(told: Told, text: str, otherwise: str) -> str:
    found = (says for pattern, says in told if re.search(pattern, text, re.IGNORECASE))
    return next(found, otherwise)
