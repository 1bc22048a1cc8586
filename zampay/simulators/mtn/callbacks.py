"""Callbacks: the network tells a merchant's gateway how a payment ended, once and unsigned.

MTN: PUT by default, the body of the enquiry without the reference, an answer within 2 seconds or
none; not repeated unless the simulator is told to.
"""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import requests

from zampay.simulators.mtn.faults import FaultBook
from zampay.simulators.mtn.settings import Settings
from zampay.simulators.mtn.shape import shown
from zampay.simulators.mtn.wallet import Payment

OK = 200
TIMEOUT_S = 2.0
RETRY_PAUSE_S = 1.0
ATTEMPTS_KEPT = 10_000


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One callback on its way, and the journal that it belongs to."""

    payment: Payment
    content: bytes
    late_s: float
    copies: int
    attempts: deque[dict[str, object]]


class Callbacks:
    """Sends callbacks, each in a thread of its own, and remembers what became of them."""

    def __init__(self, settings: Settings, faults: FaultBook) -> None:
        self._settings = settings
        self._faults = faults
        self.forget()

    def forget(self) -> None:
        """Begin a new journal; what is still on its way goes into the old one."""
        self.attempts: deque[dict[str, object]] = deque(maxlen=ATTEMPTS_KEPT)

    def send(self, payment: Payment) -> None:
        """Send a final payment's callback, if it has a URL and the faults allow it."""
        if payment.callback_url is None:
            return
        struck = self._faults.draw("callback", "callback", payment.facts())
        if any(fault.kind == "lost" for fault in struck):
            self.attempts.append(_attempted(payment, 0, "lost"))
            return
        late_s = sum(fault.seconds or 0.0 for fault in struck if fault.kind == "late")
        copies = 1 + sum(fault.kind == "doubled" for fault in struck)
        self._start(payment, late_s, copies)

    def send_copies(self, payment: Payment, copies: int, body: Any = None) -> None:
        """Send this many copies at once and wait for them; `body` replaces the true one."""
        threads = [self._start(payment, 0.0, 1, body) for _ in range(copies)]
        for thread in threads:
            thread.join()

    def _start(
        self, payment: Payment, late_s: float, copies: int, body: Any = None
    ) -> threading.Thread:
        delivery = Delivery(
            payment=payment,
            content=_content(shown(payment) if body is None else body),
            late_s=late_s,
            copies=copies,
            attempts=self.attempts,
        )
        thread = threading.Thread(target=self._deliver, args=(delivery,), daemon=True)
        thread.start()
        return thread

    def _deliver(self, delivery: Delivery) -> None:
        time.sleep(delivery.late_s)
        for _ in range(delivery.copies):
            for attempt in range(1, 2 + self._settings.callback_retries):
                if attempt > 1:
                    time.sleep(RETRY_PAUSE_S)
                if self._attempt(delivery, attempt):
                    break

    def _attempt(self, delivery: Delivery, attempt: int) -> bool:
        answer: int | str
        try:
            with requests.Session() as session:
                session.trust_env = False  # a developer's proxy must not see callbacks
                answer = session.request(
                    self._settings.callback_method,
                    delivery.payment.callback_url or "",
                    data=delivery.content,
                    headers={"Content-Type": "application/json"},
                    timeout=TIMEOUT_S,
                    verify=self._settings.callback_authorities or True,
                    allow_redirects=False,
                ).status_code
        except requests.RequestException as error:
            answer = type(error).__name__
        delivery.attempts.append(_attempted(delivery.payment, attempt, answer))
        return answer == OK


def _attempted(payment: Payment, attempt: int, answer: int | str) -> dict[str, object]:
    return {
        "referenceId": payment.reference_id,
        "url": payment.callback_url,
        "attempt": attempt,
        "answer": answer,
    }


def _content(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
