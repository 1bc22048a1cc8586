"""Each way in which a server cannot be used has its own words, and shows nothing of its text."""

import psycopg
import pytest
import redis
import sqlalchemy as sa

from zampay.infra.http.outbound import NoReply
from zampay.infra.redis.redis_client import HangsLately
from zampay.infra.telemetry import error_text

FATAL = 'connection to server at "192.0.2.7", port 5432 failed: FATAL:  '


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (FATAL + 'password authentication failed for user "ssl"', "refuses the role"),
        (FATAL + 'database "auth" does not exist', "no database of that name"),
        (FATAL + 'role "zampay" does not exist', "no such role"),
        (FATAL + 'no pg_hba.conf entry for host "192.0.2.7"', "does not let this role in"),
        (FATAL + "sorry, too many clients already", "no more connections"),
        (FATAL + "the database system is starting up", "starting or stopping"),
        ("connection timeout expired", "no answer in time"),
        ("server closed the connection unexpectedly", "broke off"),
        (FATAL + "authentification par mot de passe impossible", "no connection comes about"),
    ],
)
def test_what_fails_before_a_session_is_known_by_its_text(text: str, says: str) -> None:
    told = error_text.of_database(
        sa.exc.OperationalError(None, None, psycopg.OperationalError(text))
    )
    assert says in told
    assert "192.0.2.7" not in told


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (psycopg.errors.QueryCanceled(), "too slowly"),
        (psycopg.errors.LockNotAvailable(), "too slowly"),
        (psycopg.errors.AdminShutdown(), "starting or stopping"),
        (psycopg.errors.DiskFull(), "no room left"),
        (psycopg.errors.InsufficientPrivilege(), "may not read"),
        (psycopg.errors.UndefinedColumn(), "not those of this version"),
        (psycopg.errors.DivisionByZero(), "refuses what was asked"),
    ],
)
def test_what_fails_in_a_session_is_known_by_its_code(cause: psycopg.Error, says: str) -> None:
    assert says in error_text.of_database(sa.exc.DBAPIError(None, None, cause))


def test_a_pool_that_is_used_up_is_told() -> None:
    assert error_text.of_database(sa.exc.TimeoutError()) == "all connections are taken"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (redis.ConnectionError("Error 111 connecting to auth:6379. Connection refused."), "nobody"),
        (redis.ConnectionError("Error -2 connecting to x. Name or service not known."), "name"),
        (redis.AuthenticationError("invalid username-password pair"), "refuses the password"),
        (redis.TimeoutError("Timeout reading from socket"), "no answer in time"),
        (HangsLately(), "no answer in time"),
        (redis.BusyLoadingError("LOADING"), "still loading"),
        (redis.RedisError("?"), "no connection comes about"),
    ],
)
def test_the_faults_of_redis_are_told_apart(error: Exception, says: str) -> None:
    assert says in error_text.of_redis(error)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("NameResolutionError", "host of that name"),
        ("NewConnectionError", "nobody listens"),
        ("NotPublicAddress", "not a public one"),
        ("ConnectTimeoutError", "no answer in time"),
        ("TooLong", "no answer in time"),
        ("SSLError", "certificate"),
        ("ProtocolError", "broke off"),
    ],
)
def test_the_faults_of_a_call_are_told_apart(kind: str, says: str) -> None:
    assert says in error_text.of_call(NoReply(kind))
