"""A simulator as a program: prints where it listens and the keys that it made, until a signal."""

import signal
import sys
from collections.abc import Callable
from dataclasses import fields
from types import FrameType
from typing import Any, TypeVar

import click
from flask import Flask

from zampay.simulators.core.server import serve
from zampay.simulators.core.settings import Settings, options

Given = TypeVar("Given", bound=Settings)


def command(kind: type[Given], create_app: Callable[[Given], Flask]) -> click.Command:
    """The simulator of a network, with its settings as options."""

    def run(**options: Any) -> None:
        given = {name: value for name, value in options.items() if value is not None}
        keys = [setting.name for setting in fields(kind) if "is_key" in setting.metadata]
        settings = kind(**given)
        _run(create_app(settings), settings, made=[name for name in keys if name not in given])

    name = kind.network
    return click.Command(
        name.lower(), params=[*options(kind)], callback=run, help=f"A simulator of {name}."
    )


def _run(app: Flask, settings: Settings, *, made: list[str]) -> None:
    """Serve until SIGTERM or SIGINT."""
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    server = serve(app, settings)
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
