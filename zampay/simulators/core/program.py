"""A simulator as a program: prints where it listens and the keys that it made, until a signal."""

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from flask import Flask

from zampay.simulators.core.server import serve
from zampay.simulators.core.settings import Settings, read

Given = TypeVar("Given", bound=Settings)


def main(kind: type[Given], create_app: Callable[[Given], Flask]) -> None:
    """Serve until SIGTERM or SIGINT."""
    settings, made = read(kind)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    server = serve(create_app(settings), settings)
    _print(f"{settings.network} simulator ready on {settings.base_url}:{server.port}")
    _print(settings.summary)
    for name in made:
        _print(f"{name}: {getattr(settings, name)}")
    server.serve_forever()


def _print(line: str) -> None:
    """Print one line at once, for the process that started this one."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End with status 0; threads that hang are daemons and do not block the exit."""
    raise SystemExit(0)
