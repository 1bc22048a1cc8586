"""A real, headless Chromium that is told what to do over a pipe (Chrome DevTools Protocol)."""

import base64
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root, and load our own page only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # there is no internet
    "--remote-debugging-pipe",
    "--window-size=1280,1600",
)

ON_3_AND_4 = """
import fcntl, os, sys
told, answered = (fcntl.fcntl(int(pipe), fcntl.F_DUPFD, 10) for pipe in sys.argv[1:3])
os.dup2(told, 3), os.dup2(answered, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def program() -> str | None:
    """The browser of this machine: CHROMIUM, or whatever is installed under a known name."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *NAMES))), None)


class Page:
    """One tab; `events` is all that the browser told so far."""

    def __init__(self, commands: int, answers: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._commands = commands
        self._answers = os.fdopen(answers, "rb", buffering=0)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session: str | None = None

    def open(self) -> None:
        """Take a fresh tab, and be told everything that it does."""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        attached = self.tell("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")

    def tell(self, method: str, **arguments: Any) -> Any:
        """One command and its answer; events that come meanwhile are kept."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": arguments}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            more = self._answers.read(1 << 16)
            assert more, "the browser is gone"
            self._rest += more
        first, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(first)
        return message

    def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression comes to; it may await."""
        told = self.tell(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def await_true(self, expression: str, *, timeout_s: float = 30) -> None:
        ends_at = time.monotonic() + timeout_s
        while not self.evaluate(expression):
            assert time.monotonic() < ends_at, f"{expression} is not true: {self.complaints()}"
            time.sleep(0.05)

    def complaints(self) -> list[Any]:
        """What the console shows as an error or a warning, and every request that failed."""
        found = []
        for event in self.events:
            match event:
                case {"method": "Runtime.exceptionThrown", "params": told}:
                    found.append(told)
                case {"method": "Runtime.consoleAPICalled", "params": {"type": kind} as told}:
                    found += [told] if kind in {"error", "warning", "assert"} else []
                case {"method": "Log.entryAdded", "params": {"entry": {"level": level} as told}}:
                    found += [told] if level in {"error", "warning"} else []
                case {"method": "Network.loadingFailed", "params": told}:
                    found.append(told)
        return found

    def addresses(self) -> list[str]:
        """Every address that was asked for."""
        asked = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in asked]

    def picture(self, file: Path) -> None:
        """The whole page as a PNG, once it is laid out."""
        self.await_true("document.readyState === 'complete'")
        shot = self.tell("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def page(profile: Path) -> Iterator[Page]:
    """A tab of a browser that nobody used before, with its profile under `profile`."""
    browser = program()
    assert browser is not None
    told, tell = os.pipe()
    answer, answered = os.pipe()
    pipes = [str(told), str(answered)]
    running = subprocess.Popen(
        [sys.executable, "-c", ON_3_AND_4, *pipes, browser, *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=(told, answered),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(told)
    os.close(answered)
    tab = Page(tell, answer)
    try:
        tab.open()
        yield tab
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        os.close(tell)
        tab._answers.close()
