"""A second web on a port is refused: it would get every other request, and nobody would notice."""

import socket
import sys

import pytest

from dev import procfile
from dev.desk import LOOPBACK
from dev.process import Process
from dev.stack import Stack
from zampay import web


def test_a_second_web_on_the_same_port_does_not_start(stack: Stack) -> None:
    stack.start("web")
    line = procfile.shell(procfile.read()["web"])
    with Process("second", line, stack.directory, environment=stack.environment) as second:
        assert second.wait(timeout_s=30) == 1
        assert f"port {stack.port} of 127.0.0.1: Address already in use" in second.output()
    stack.stop("web")
    stack.start("web")  # what the first one left does not keep its successor out


def test_what_the_last_connections_left_takes_no_port() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            listener.accept()[0].close()  # closed first on this side: TIME_WAIT stays here
        with pytest.raises(SystemExit, match="Address already in use"):
            web.refuse_a_taken_port(LOOPBACK, port)
    web.refuse_a_taken_port(LOOPBACK, port)


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (["--host", "0.0.0.0", "--port", "9000", "wsgi:app"], ("0.0.0.0", 9000)),  # noqa: S104
        (["--interface", "wsgi", "--port=9000", "--host=::1", "wsgi:app"], ("::1", 9000)),
        (["wsgi:app"], ("127.0.0.1", 8000)),
    ],
)
def test_granian_gets_every_argument_as_it_is(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], place: tuple[str, int]
) -> None:
    asked: list[tuple[str, int]] = []
    became: list[list[str]] = []
    monkeypatch.setattr(web.config, "load", lambda: None)
    monkeypatch.setattr(web, "refuse_a_taken_port", lambda *where: asked.append(where))
    monkeypatch.setattr(web.os, "execv", lambda _, words: became.append(words))
    web.main(arguments)
    assert asked == [place]
    assert became == [[sys.executable, "-m", "granian", *arguments]]
