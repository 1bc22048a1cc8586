"""What the programs of this folder share: places, ports, exit statuses, waiting."""

import contextlib
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

ROOT: Final = Path(__file__).resolve().parent.parent
"""The checkout."""

DATA: Final = ROOT / ".data"
"""All that these programs write; safe to remove while none of them runs."""

LOOPBACK: Final = "127.0.0.1"
_PORTS: Final = range(20_000, 32_000)


class DevError(Exception):
    """Something a developer can put right; the message says what, and how."""


def run_program(program: Callable[[], None]) -> NoReturn:
    """Run a program to its end: 0 done, 2 a DevError (said on stderr), 130 Ctrl-C.

    SIGTERM and SIGHUP end it like Ctrl-C does, so that everything it started is stopped; so does
    SIGINT itself where a shell that put us into the background had it ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        program()
    except DevError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def free_port() -> int:
    """A TCP port on the loopback address that is free now.

    From below the range that systems give to outgoing connections (Linux 32768, macOS 49152 and
    up), so that no client takes it before our server does.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port


def require_port(port: int, *, variable: str) -> None:
    """Raise a DevError that names `variable` when `port` is taken."""
    with socket.socket() as probe:
        # As servers do: the remains of closed connections do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise DevError(
                f"Port {port} cannot be used ({error.strerror}). Stop the program that has it, "
                f"or name another port: {variable}={port + 1}."
            ) from error


def port_of(variable: str, default: int) -> int:
    """The port that an environment variable names, or `default`; DevError if it is no port."""
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**16:
        raise DevError(f"{variable} must be a port between 1 and 65535, but it is {text!r}.")
    return int(text)


def await_condition(
    condition: Callable[[], bool], *, timeout_s: float, wanted: str, pause_s: float = 0.02
) -> None:
    """Return as soon as `condition` is true; DevError with `wanted` when it never was."""
    ends_at = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > ends_at:
            raise DevError(f"Waited {timeout_s:g} s in vain for {wanted}.")
        time.sleep(pause_s)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all of it or nothing."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
