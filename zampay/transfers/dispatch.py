"""Calls to networks on threads of their own: a slow network takes its own slots and nobody else's.

A message from the queue only makes a call begin at once when there is room. When there is none, the
row stays due, and whoever ends a call chooses the next one (`due.py`), as the sweep does.
"""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress

import structlog
from flask import Flask, current_app

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.infra.queue import task_runs
from zampay.kernel import clock, threads
from zampay.providers import registry
from zampay.providers.contract import (
    NotSent,
    PollAnswer,
    Submission,
    Throttled,
)
from zampay.transfers import due, network_states, poll, submit, watching
from zampay.transfers.concurrency import Slots
from zampay.transfers.due import Stream
from zampay.transfers.network_states import NetworkState
from zampay.transfers.states import NextAction
from zampay.transfers.watching import Proof, Watch

log = structlog.get_logger()
TASKS = {NextAction.SUBMIT: "transfers.submit", NextAction.POLL: "transfers.poll"}
SWEEP = "transfers.sweep"
IDLE_S = 600.0
_REMEMBERED = 1000


class _StreamCalls:
    """One stream's slots, threads, and what is known of its queue."""

    def __init__(self, stream: Stream, size: int, executor: Executor | None) -> None:
        self.slots = Slots(size)
        self.watch = Watch(stream)
        self.choosing = threading.Lock()
        self.executor = executor or ThreadPoolExecutor(size, thread_name_prefix="network")
        self.is_behind = False
        """Whether rows are due that found no slot; only then is there something to choose."""
        self.is_resting = False
        """Whether the network's pace is used up; until the next sweep nobody asks for a turn."""
        self.wanted_s = clock.monotonic_s()
        """When it was last asked for (monotonic seconds)."""
        self.passed_over: set[str] = set()
        """What came to nothing, and is left to the next sweep."""
        self._at_work: set[str] = set()
        self._served: dict[str, None] = {}
        self._lock = threading.Lock()

    def admit(self, transfer_id: str, tenant_id: str) -> bool:
        """Take a slot for this transfer, unless it has one or there is none."""
        with self._lock:
            if transfer_id in self._at_work or not self.slots.take(tenant_id):
                return False
            self._at_work.add(transfer_id)
            self._served.pop(tenant_id, None)
            self._served[tenant_id] = None
            while len(self._served) > _REMEMBERED:
                del self._served[next(iter(self._served))]
            return True

    def end(self, transfer_id: str, tenant_id: str, *, came_to_nothing: bool) -> None:
        """Give the slot back."""
        with self._lock:
            self._at_work.discard(transfer_id)
            if came_to_nothing:
                self.passed_over.add(transfer_id)
            self.slots.give_back(tenant_id)

    @property
    def is_at_work(self) -> bool:
        """Whether a call is under way."""
        with self._lock:
            return bool(self._at_work)

    def known(self) -> tuple[list[str], set[str]]:
        """Merchants served lately, the last one last; transfers that are not to be chosen now."""
        with self._lock:
            return list(self._served), self._at_work | self.passed_over


class Dispatcher:
    """Begins calls to networks in this process."""

    def __init__(self, app: Flask, *, per_tenant: int, executor: Executor | None = None) -> None:
        self._app = app
        self._size = 2 * per_tenant  # one merchant alone gets half, see `concurrency`
        self.executor = executor
        self._by_stream: dict[Stream, _StreamCalls] = {}
        self._lock = threading.Lock()
        self._ending = False

    def stop(self) -> None:
        """Begin nothing any more; what is under way is finished."""
        self._ending = True

    def close(self) -> None:
        """Stop, and wait for what is under way."""
        self.stop()
        with self._lock:
            all_calls = list(self._by_stream.values())
        for calls in all_calls:
            calls.executor.shutdown()

    def calls(self, stream: Stream) -> _StreamCalls:
        """The calls of this stream; its threads start with the first."""
        with self._lock:
            if stream not in self._by_stream:
                self._by_stream[stream] = _StreamCalls(stream, self._slots(stream), self.executor)
            self._by_stream[stream].wanted_s = clock.monotonic_s()
            return self._by_stream[stream]

    def _slots(self, stream: Stream) -> int:
        """As many as this process has for a stream, or as the network wants at most. Sends that
        block until a customer has answered may be more: they wait for people and take no work.
        """
        provider = registry.networks(livemode=stream.livemode).get(stream.provider)
        able = provider.profile.capabilities.values() if provider else ()
        wanted = min((one.max_in_flight for one in able if one.max_in_flight), default=self._size)
        blocks = stream.action is NextAction.SUBMIT and any(one.blocks_for for one in able)
        return wanted if blocks else min(self._size, wanted)

    def offer(self, stream: Stream, *, transfer_id: str, tenant_id: str) -> None:
        """Begin the call for a transfer that has just become due, if nobody was there before it."""
        calls = self.calls(stream)
        if self._ending:
            return
        if calls.is_resting or not calls.slots.may_take(tenant_id):
            calls.is_behind = True
        elif calls.is_behind:
            self.fill(stream)
        elif calls.admit(transfer_id, tenant_id):
            self._start(stream, calls, transfer_id, tenant_id)
        else:
            calls.is_behind = True

    def sweep(self) -> None:
        """Look at every stream for rows that are due."""
        with transaction(NO_TENANT) as tx:
            found = due.streams(tx)
            failing = network_states.everyones(tx)
        for stream in found:
            calls = self.calls(stream)
            calls.watch.follow_others(in_trouble=stream in failing)
            if stream.action is NextAction.SUBMIT:
                calls.slots.follow_others(in_trouble=failing.get(stream) is NetworkState.DOWN)
            calls.passed_over.clear()
            calls.is_behind, calls.is_resting = True, False
            self._fill_apart(stream)
        self._end_idle()

    def _end_idle(self) -> None:
        """End the threads of streams in which nothing has been open for long: each wallet has its
        own, and wallets are many.
        """
        before_s = clock.monotonic_s() - IDLE_S
        with self._lock:
            idle = [
                stream
                for stream, calls in self._by_stream.items()
                if calls.wanted_s < before_s and not calls.is_at_work
            ]
            ended = [self._by_stream.pop(stream) for stream in idle]
        for calls in ended:
            if self.executor is None:
                calls.executor.shutdown(wait=False)

    def _fill_apart(self, stream: Stream) -> None:
        """Fill it; what goes wrong there is told, and keeps no other stream from being filled."""
        with suppress(Exception), task_runs.told(SWEEP, {}, is_measured=False):
            self.fill(stream)

    def fill(self, stream: Stream) -> None:
        """Begin as many of the calls that are due as there are slots."""
        calls = self.calls(stream)
        with calls.choosing:
            if self._ending or calls.is_resting or not calls.is_behind:
                return
            if not (limit := calls.slots.free):
                return
            served, without = calls.known()
            with transaction(NO_TENANT) as tx:
                chosen = due.due(tx, stream, limit=limit, served=served, without=without)
            begun = [row for row in chosen if calls.admit(*row)]
            calls.is_behind = len(chosen) >= limit or len(begun) < len(chosen)
        for transfer_id, tenant_id in begun:
            with structlog.contextvars.bound_contextvars(request_id=str(uuid.uuid4())):
                self._start(stream, calls, transfer_id, tenant_id)

    def _start(self, stream: Stream, calls: _StreamCalls, transfer_id: str, tenant_id: str) -> None:
        bound = structlog.contextvars.get_contextvars()
        about = {"transfer_id": transfer_id, "tenant_id": tenant_id}

        def work() -> None:
            with self._app.app_context():
                with structlog.contextvars.bound_contextvars(**bound):
                    self._call(stream, calls, about)
                self._fill_apart(stream)

        try:
            threads.submit(calls.executor, work)
        except threads.NoThread:
            log.warning("no_thread", **about)
            calls.end(**about, came_to_nothing=True)

    def _call(self, stream: Stream, calls: _StreamCalls, about: dict[str, str]) -> None:
        answer: Submission | PollAnswer | None = None
        began_s = clock.monotonic_s()
        call: Callable[..., Submission | PollAnswer | None] = (
            submit.submit if stream.action is NextAction.SUBMIT else poll.poll
        )
        try:
            with suppress(Exception), task_runs.told(TASKS[stream.action], about):
                answer = call(**about)
        finally:
            calls.is_resting |= stream.action is NextAction.POLL and isinstance(answer, Throttled)
            answered = _answered(stream.action, answer)
            if answered is not None and stream.livemode:  # the sandbox is never away
                calls.slots.note(answered=answered, began_s=began_s)
            calls.end(**about, came_to_nothing=answer is None)
            calls.watch.note(answer, began_s=began_s, tenant_id=about["tenant_id"])


def _answered(action: NextAction, answer: Submission | PollAnswer | None) -> bool | None:
    """Whether the network answered; None where that was not tried (no row to take, no turn, too
    late). A network that wants fewer sends counts as one that does not answer: sends pause.
    """
    match answer:
        case Throttled():
            return False if action is NextAction.SUBMIT else None
        case NotSent():  # also where it refuses the wallet, which need not be tried so often
            return False
        case _:
            proven = watching.proof(answer)
            return None if proven is None else proven is Proof.ANSWERED


def init(app: Flask, *, per_tenant: int) -> None:
    """Give the process its dispatcher; no thread starts before the first call."""
    app.extensions["dispatcher"] = Dispatcher(app, per_tenant=per_tenant)


def dispatcher() -> Dispatcher:
    """The current application's."""
    found: Dispatcher = current_app.extensions["dispatcher"]
    return found
