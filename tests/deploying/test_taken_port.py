"""A second web on a port is refused: it would get every other request, and nobody would notice."""

import socket

import pytest

from dev.environment import LOOPBACK
from dev.stack import PROCFILE, Stack, shell
from dev.supervisor import Process
from zampay import web

pytestmark = pytest.mark.long


def test_a_second_web_on_the_same_port_does_not_start(stack: Stack) -> None:
    stack.start("web")
    line = shell(PROCFILE["web"])
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
            web.listen(LOOPBACK, port)
    web.listen(LOOPBACK, port).close()


def test_a_port_that_is_not_ours_to_take_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", denied)
    with pytest.raises(SystemExit, match=r"port 80 of .*: Permission denied"):
        web.listen("0.0.0.0", 80)  # noqa: S104 - nothing is bound


@pytest.mark.parametrize(("host", "family"), [(LOOPBACK, socket.AF_INET), ("::1", socket.AF_INET6)])
def test_it_listens_where_it_is_told(host: str, family: socket.AddressFamily) -> None:
    with web.listen(host, 0) as listener:
        assert (listener.family, listener.getsockname()[0]) == (family, host)
