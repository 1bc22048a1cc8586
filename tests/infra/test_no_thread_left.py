"""A machine that has no thread to give refuses one call; it does not spoil those that follow."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from tests.infra.sockets import answers, serving
from zampay.infra.http.outbound import NotConnected, Outbound
from zampay.infra.http.resolver import Resolver, Unresolved
from zampay.kernel.threads import NoThread
from zampay.webhooks.delivery.concurrency import Held, Slots


@pytest.fixture
def none_left(monkeypatch: pytest.MonkeyPatch) -> Any:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    @contextmanager
    def during() -> Iterator[None]:
        with monkeypatch.context() as without:
            without.setattr(threading.Thread, "start", refuse)
            yield

    return during


def test_a_call_for_whose_end_no_thread_can_wait_is_not_sent(none_left: Any) -> None:
    http = Outbound(connect_timeout_s=1, read_timeout_s=1)
    with serving(answers()) as server:
        with none_left(), pytest.raises(NotConnected):
            http.send("POST", server.url, headers={}, body=b"{}")
        assert server.requests == []
        assert http.send("POST", server.url, headers={}, body=b"{}").status == 200


def test_a_name_that_no_thread_could_look_up_is_looked_up_the_next_time(
    none_left: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    resolver = Resolver()
    with none_left(), pytest.raises(Unresolved):
        resolver.addresses("network.example", 443, timeout_s=5)
    assert resolver.addresses("network.example", 443, timeout_s=5) == ["192.0.2.1"]


def test_an_attempt_that_got_no_thread_gives_its_slot_back_and_is_never_made(
    none_left: Any,
) -> None:
    made: list[str] = []
    slots = Slots(Flask("test"))
    with none_left():
        for _ in range(100):
            with Held(slots, "one") as held:
                assert held.take(unproven=True)
                with pytest.raises(NoThread):
                    held.run(lambda: made.append("late"), lambda _: None)
    last = threading.Event()
    with Held(slots, "one") as held:
        assert held.take(unproven=True)
        held.run(last.set, lambda _: None)
    assert last.wait(10)
    assert made == []
