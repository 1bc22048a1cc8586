"""A deadline ends what is watched when it comes, and leaves alone what has been forgotten."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from zampay.infra.http import deadline

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        yield ours, theirs


def test_a_read_ends_when_the_deadline_comes(pair: Pair) -> None:
    began_s = time.monotonic()
    with deadline.after(0.1) as end:
        deadline.watch(pair[0])
        assert pair[0].recv(1) == b""
    assert end.has_come
    assert time.monotonic() - began_s < 2


def test_a_connection_that_is_watched_too_late_ends_at_once(pair: Pair) -> None:
    with deadline.after(60) as end:
        end.come()
        deadline.watch(pair[0])
        assert pair[0].recv(1) == b""


def test_after_the_block_a_connection_lives_on(pair: Pair) -> None:
    with deadline.after(60) as end:
        deadline.watch(pair[0])
    end.come()
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"


def test_each_thread_has_its_own(pair: Pair) -> None:
    with deadline.after(60) as end:
        thread = threading.Thread(target=deadline.watch, args=(pair[0],))
        thread.start()
        thread.join()
        end.come()
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"


def test_without_a_deadline_nothing_is_watched(pair: Pair) -> None:
    deadline.watch(pair[0])
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"
