"""The state of one simulated network, and how a request finds it."""

import threading
from collections import deque

from flask import current_app

from zampay.simulators.mtn.callbacks import Callbacks
from zampay.simulators.mtn.credentials import Credentials
from zampay.simulators.mtn.faults import FaultBook
from zampay.simulators.mtn.settings import Settings
from zampay.simulators.mtn.wallet import Wallet

EXTENSION = "zampay.simulators.mtn"
REQUESTS_KEPT = 10_000


class Network:
    """Everything that one simulator knows; lives in memory and ends with the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.credentials = Credentials(settings)
        self.faults = FaultBook(settings.seed)
        self.callbacks = Callbacks(settings, self.faults)
        self.wallet = Wallet(self.callbacks.send)
        self.requests: deque[dict[str, object]] = deque(maxlen=REQUESTS_KEPT)
        self._released = threading.Event()
        self._resets = 0

    def hang(self, seconds: float | None) -> bool:
        """Wait until released, or for `seconds` at most; False when all was forgotten meanwhile."""
        began = self._resets
        self._released.wait(seconds)
        return self._resets == began

    def release(self) -> None:
        """Let every hanging request go on; later ones hang again."""
        released, self._released = self._released, threading.Event()
        released.set()

    def reset(self) -> None:
        """Forget everything but the credentials."""
        self._resets += 1
        self.release()
        self.faults.replace([])
        self.wallet.clear()
        self.callbacks.forget()
        self.requests = deque(maxlen=REQUESTS_KEPT)


def here() -> Network:
    """The network that the current request came to."""
    network: Network = current_app.extensions[EXTENSION]
    return network
