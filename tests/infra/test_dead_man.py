"""The dead man's switch: pings while all is well, silence when anything is not."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.infra.sockets import Misbehaving
from tests.infra.test_readiness import give_life
from zampay.app import celery_of
from zampay.infra.health import dead_man
from zampay.infra.health.dead_man import ping

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def service() -> Iterator[Misbehaving]:
    """Whoever expects to hear."""
    server = Misbehaving(lambda connection: connection.sendall(ANSWER))
    yield server
    server.close()


def test_a_ping_goes_out_while_all_is_well(
    app: Flask, service: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_life(app)
    monkeypatch.setitem(app.config, "DEAD_MAN_PING_URL", f"{service.url}/ping/a-secret")
    with app.app_context():
        ping()
    assert [request.split(b"\r\n")[0] for request in service.requests] == [
        b"GET /ping/a-secret HTTP/1.1"
    ]


def test_none_goes_out_while_something_is_wrong(
    app: Flask, service: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEAD_MAN_PING_URL", service.url)
    with app.app_context():
        ping()  # neither worker nor beat has ever been seen
    assert service.requests == []


def test_a_service_that_is_away_hurts_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    give_life(app)
    monkeypatch.setitem(app.config, "DEAD_MAN_PING_URL", "http://127.0.0.1:9/")
    with app.app_context():
        ping()


def test_beat_enqueues_it_only_where_an_address_is_named(
    app: Flask, another_app: Callable[..., Flask]
) -> None:
    assert ping.name not in celery_of(app).conf.beat_schedule
    named = another_app(dead_man_ping_url="http://127.0.0.1:9/")
    assert ping.name in celery_of(named).conf.beat_schedule
    assert dead_man.CONNECT_S + dead_man.READ_S < dead_man.EVERY_S
