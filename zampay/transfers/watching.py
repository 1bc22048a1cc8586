"""What the answers to one stream's calls prove about its network, and when that is written down.

Ten failures in a row are a trouble, and an answer ends it. Between the two nothing is written but,
now and then, that it lasts. A refusal of the wallet's credentials is an answer: the network is
there.
"""

import threading
from enum import Enum, auto

import structlog

from zampay.infra.database.db import transaction
from zampay.kernel import clock
from zampay.providers.contract import (
    InDoubt,
    NoAnswer,
    NotSent,
    PollAnswer,
    Submission,
    Throttled,
    TooLate,
)
from zampay.transfers import network_states
from zampay.transfers.concurrency import TROUBLE_AFTER
from zampay.transfers.due import Stream
from zampay.transfers.network_states import NetworkState

log = structlog.get_logger()
REPEATED_AFTER_S, TRIED_AFTER_S = 30.0, 1.0
"""So long apart a trouble that lasts is written down, and so long apart its end is tried."""


class Proof(Enum):
    """What one answer proves; None for what proves nothing (not called, too many calls)."""

    ANSWERED = auto()
    DOUBT = auto()
    NOT_REACHED = auto()


def proof(answer: Submission | PollAnswer | None) -> Proof | None:
    """What the answer proves about the network."""
    match answer:
        case None | TooLate() | Throttled():
            return None
        case NotSent(refused=None):
            return Proof.NOT_REACHED
        case NoAnswer() | InDoubt(presumed=None):
            return Proof.DOUBT
        case _:
            return Proof.ANSWERED


class Watch:
    """Watches one stream in this process; safe to share between threads."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._failures = 0
        self._doubts = 0
        self._in_trouble = False
        self._written: NetworkState | None = None
        self._next_write_s = 0.0

    def follow_others(self, *, in_trouble: bool) -> None:
        """Take over what is written down; a trouble is nobody's own."""
        with self._lock:
            self._in_trouble = in_trouble

    def note(
        self, answer: Submission | PollAnswer | None, *, began_s: float, tenant_id: str
    ) -> None:
        """Note the answer to a call that began then (monotonic seconds), for this merchant."""
        proven = proof(answer)
        if proven is None or not self._stream.livemode:
            return  # the sandbox is never away
        if proven is Proof.ANSWERED:
            if self._is_end_due():
                self._write(tenant_id, took_s=clock.monotonic_s() - began_s)
            return
        state = self._trouble(proven)
        if state is not None:
            self._write(tenant_id, state, getattr(answer, "detail", ""))

    def _is_end_due(self) -> bool:
        with self._lock:
            self._failures = self._doubts = 0
            now_s = clock.monotonic_s()
            was_own, self._written = self._written, None
            if was_own is None and not (self._in_trouble and now_s >= self._next_write_s):
                return False
            self._in_trouble = True  # until what is written down says otherwise
            self._next_write_s = now_s + TRIED_AFTER_S
            return True

    def _trouble(self, proven: Proof) -> NetworkState | None:
        """The state to be written down now, if any."""
        with self._lock:
            self._failures += 1
            self._doubts += proven is Proof.DOUBT
            if self._failures < TROUBLE_AFTER and not self._in_trouble:
                return None
            state = NetworkState.DEGRADED if self._doubts else NetworkState.DOWN
            now_s = clock.monotonic_s()
            if state is self._written and now_s < self._next_write_s:
                return None
            self._written, self._in_trouble = state, True
            self._next_write_s = now_s + REPEATED_AFTER_S
            return state

    def _write(
        self,
        tenant_id: str,
        state: NetworkState | None = None,
        detail: str = "",
        *,
        took_s: float = 0.0,
    ) -> None:
        """Write it down. What fails here is logged and tried again: no call hangs on it."""
        try:
            with transaction(tenant_id) as tx:
                if state is None:
                    network_states.answering(tx, self._stream, took_s=took_s)
                else:
                    network_states.failing(tx, self._stream, state, detail)
        except Exception:
            log.warning("network_state_not_written", provider=self._stream.provider, exc_info=True)
            with self._lock:
                self._next_write_s, self._in_trouble = 0.0, True
