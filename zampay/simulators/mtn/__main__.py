"""The simulator as a program: prints where it listens and what it was given, until a signal."""

import signal
import sys
from types import FrameType

from zampay.simulators.mtn.server import serve
from zampay.simulators.mtn.settings import Settings, read


def say(line: str) -> None:
    """One line to whoever started us, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End with status 0; threads that hang are daemons and do not hold us."""
    raise SystemExit(0)


def introduce(settings: Settings, port: int, made: list[str]) -> None:
    """The line that a starter waits for, then the keys that it did not choose itself."""
    say(f"MTN simulator ready on {settings.base_url}:{port}")
    say(f"environment: {settings.environment}, currency: {settings.currency}")
    for name in made:
        say(f"{name}: {getattr(settings, name)}")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    settings, made = read()
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    server = serve(settings)
    introduce(settings, server.port, made)
    server.serve_forever()


if __name__ == "__main__":
    main()
