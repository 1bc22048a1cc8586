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
        (FATAL + 'password authentication failed for user "ssl"', "password authentication failed"),
        (FATAL + 'database "auth" does not exist', "database does not exist"),
        (FATAL + 'role "zampay" does not exist', "role does not exist"),
        (FATAL + 'no pg_hba.conf entry for host "192.0.2.7"', "no pg_hba.conf entry"),
        (FATAL + "sorry, too many clients already", "too many connections"),
        (FATAL + "the database system is starting up", "starting up or shutting down"),
        ("connection timeout expired", "timed out"),
        ("server closed the connection unexpectedly", "connection closed"),
        (FATAL + "authentification par mot de passe impossible", "connection failed"),
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
        (psycopg.errors.QueryCanceled(), "timeout"),
        (psycopg.errors.LockNotAvailable(), "timeout"),
        (psycopg.errors.AdminShutdown(), "starting up or shutting down"),
        (psycopg.errors.DiskFull(), "disk full"),
        (psycopg.errors.InsufficientPrivilege(), "permission denied"),
        (psycopg.errors.UndefinedColumn(), "do not exist"),
        (psycopg.errors.DivisionByZero(), "statement failed"),
    ],
)
def test_what_fails_in_a_session_is_known_by_its_code(cause: psycopg.Error, says: str) -> None:
    assert says in error_text.of_database(sa.exc.DBAPIError(None, None, cause))


def test_a_pool_that_is_used_up_is_told() -> None:
    assert error_text.of_database(sa.exc.TimeoutError()) == "connection pool exhausted"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            redis.ConnectionError("Error 111 connecting to auth:6379. Connection refused."),
            "refused",
        ),
        (redis.ConnectionError("Error -2 connecting to x. Name or service not known."), "DNS"),
        (redis.AuthenticationError("invalid username-password pair"), "authentication failed"),
        (redis.TimeoutError("Timeout reading from socket"), "timed out"),
        (HangsLately(), "timed out"),
        (redis.BusyLoadingError("LOADING"), "LOADING"),
        (redis.RedisError("?"), "connection failed"),
    ],
)
def test_the_faults_of_redis_are_told_apart(error: Exception, says: str) -> None:
    assert says in error_text.of_redis(error)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("NameResolutionError", "DNS lookup failed"),
        ("NewConnectionError", "connection refused"),
        ("NotPublicAddress", "not a public address"),
        ("ConnectTimeoutError", "timed out"),
        ("TooLong", "timed out"),
        ("TLSHandshakeFailed", "TLS handshake failed"),
        ("ProtocolError", "connection closed"),
    ],
)
def test_the_faults_of_a_call_are_told_apart(kind: str, says: str) -> None:
    assert says in error_text.of_call(NoReply(kind))
