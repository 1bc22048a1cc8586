"""Callbacks: the network says how a payment ended, once, and waits 2 seconds for an answer.

A callback is not repeated unless the settings say so.
"""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from zampay.simulators.core.faults import CALLBACK, Faults
from zampay.simulators.core.journal import Journal
from zampay.simulators.core.settings import Settings
from zampay.simulators.core.wallet import Payment

OK = 200
TIMEOUT_S = 2.0
RETRY_PAUSE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One callback and the list in the journal for its attempts."""

    payment: Payment
    content: bytes
    late_s: float
    copies: int
    attempts: deque[dict[str, object]]

    def record(self, attempt: int, answer: int | str) -> None:
        """Write an attempt into the journal."""
        self.attempts.append(
            {
                "referenceId": self.payment.reference_id,
                "url": self.payment.callback_url,
                "attempt": attempt,
                "answer": answer,
            }
        )


class Callbacks:
    """Sends callbacks, each in a thread of its own; `body` is what the network says in one."""

    def __init__(
        self, settings: Settings, faults: Faults, journal: Journal, body: Callable[[Payment], Any]
    ) -> None:
        self._settings, self._faults, self._journal = settings, faults, journal
        self._body = body

    def send(self, payment: Payment) -> None:
        """Send a final payment's callback, if it has a URL and no fault loses it."""
        if payment.callback_url is None:
            return
        faults = self._faults.draw(CALLBACK, "callback", payment.facts())
        kinds = [fault.kind for fault in faults]
        late_s = sum(fault.seconds or 0.0 for fault in faults if fault.kind == "late")
        delivery = self._delivery(payment, late_s=late_s, copies=1 + kinds.count("doubled"))
        if "lost" in kinds:
            delivery.record(0, "lost")
        else:
            self._start(delivery)

    def send_copies(self, payment: Payment, copies: int, body: Any = None) -> None:
        """Send this many copies at once and wait for them; `body` replaces the true one."""
        threads = [self._start(self._delivery(payment, body)) for _ in range(copies)]
        for thread in threads:
            thread.join()

    def _delivery(
        self, payment: Payment, body: Any = None, *, late_s: float = 0.0, copies: int = 1
    ) -> Delivery:
        content = self._body(payment) if body is None else body
        return Delivery(
            payment=payment,
            content=content.encode() if isinstance(content, str) else json.dumps(content).encode(),
            late_s=late_s,
            copies=copies,
            attempts=self._journal.callbacks,
        )

    def _start(self, delivery: Delivery) -> threading.Thread:
        thread = threading.Thread(target=self._deliver, args=(delivery,), daemon=True)
        thread.start()
        return thread

    def _deliver(self, delivery: Delivery) -> None:
        time.sleep(delivery.late_s)
        for _ in range(delivery.copies):
            for attempt in range(1, 2 + self._settings.callback_retries):
                if attempt > 1:
                    time.sleep(RETRY_PAUSE_S)
                answer = self._attempt(delivery)
                delivery.record(attempt, answer)
                if answer == OK:
                    break

    def _attempt(self, delivery: Delivery) -> int | str:
        """The status of the answer, or the name of the error."""
        try:
            with requests.Session() as session:
                session.trust_env = False  # a developer's proxy must not see callbacks
                return session.request(
                    delivery.payment.callback_method or self._settings.callback_method,
                    delivery.payment.callback_url or "",
                    data=delivery.content,
                    headers={"Content-Type": "application/json"},
                    timeout=TIMEOUT_S,
                    verify=self._settings.callback_authorities or True,
                    allow_redirects=False,
                ).status_code
        except requests.RequestException as error:
            return type(error).__name__
