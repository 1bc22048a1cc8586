"""A simulator as a program: prints where it listens and the keys that it made, until a signal."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from types import FrameType
from typing import Any, Generic, TypeVar

import click
from flask import Flask
from werkzeug.serving import BaseWSGIServer

from zampay.simulators.core.server import serve
from zampay.simulators.core.settings import Settings, options

Given = TypeVar("Given", bound=Settings)


class Simulator(click.Command, Generic[Given]):
    """The simulator of one network as a command, with its settings as options."""

    def __init__(self, kind: type[Given], create_app: Callable[[Given], Flask]) -> None:
        name = kind.network
        super().__init__(
            name.lower(),
            params=[*options(kind)],
            callback=lambda **given: run([self.listen(given)]),
            help=f"A simulator of {name}.",
        )
        self._kind, self._create_app = kind, create_app

    def listen(self, values: Mapping[str, Any]) -> BaseWSGIServer:
        """A server that listens already; what was not given is as usual, or made and printed."""
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        given = {name: value for name, value in values.items() if value is not None}
        keys = [setting.name for setting in fields(self._kind) if "is_key" in setting.metadata]
        settings = self._kind(**given)
        server = serve(self._create_app(settings), settings)
        _print(f"{settings.network} simulator ready on {settings.base_url}:{server.port}")
        _print(settings.summary)
        for name in keys:
            if name not in given:
                _print(f"{name}: {getattr(settings, name)}")
        return server


def run(servers: Sequence[BaseWSGIServer]) -> None:
    """Serve until SIGTERM or SIGINT."""
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


def _print(line: str) -> None:
    """Print one line at once, for the process that started this one."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _leave(_signal: int, _frame: FrameType | None) -> None:
    """End with status 0; threads that hang are daemons and do not block the exit."""
    raise SystemExit(0)
