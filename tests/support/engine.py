"""The engine of transfers with all that a test of callbacks needs around it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask

from tests.support import fakes, given, rows
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import BASE, Merchant
from zampay.providers.contract import Order
from zampay.transfers.models import Transfer
from zampay.transfers.states import State

PAID = {"financialTransactionId": "1884710816", "status": "SUCCESSFUL", "amount": "12.5"}
"""A body that MTN calls us with."""


@dataclass(frozen=True)
class Engine:
    """One merchant, a network that answers from a script, and a queue that the test runs."""

    app: Flask
    merchant: Merchant
    network: ScriptedNetwork
    queue: HeldQueue

    def accept(self, **changes: Any) -> Transfer:
        return given.accept(self.app, self.merchant, **changes)

    def given(self, make: Callable[..., Transfer], *more: Any) -> Transfer:
        """A transfer that one of `tests.support.given` makes, such as `given(processing)`."""
        return make(self.app, self.merchant, self.network, *more)

    def call(self, transfer: Transfer, body: bytes | str | object, method: str = "PUT") -> int:
        """Send a callback as the network does and give the answer's status; bytes go out raw."""
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        path = f"{BASE}/callbacks/mtn/{transfer.callback_token}"
        client = self.app.test_client()
        return client.open(
            path, method=method, data=raw, content_type="application/json"
        ).status_code

    def called_during(
        self, transfer: Transfer, answer: Any, body: bytes | object = PAID
    ) -> Callable[[Order], Any]:
        """A script line: before the network gives this answer, it calls us."""

        def call_first(order: Order) -> Any:
            assert self.call(transfer, body) == 200
            return answer(order) if callable(answer) else answer

        return call_first

    def stored(self, transfer: Transfer) -> Transfer:
        return fakes.stored(self.app, transfer.id)

    def in_state(self, transfer: Transfer, state: State) -> Transfer:
        return given.in_state(self.app, transfer, state)

    def submit(self, transfer: Transfer) -> None:
        fakes.submit(self.app, transfer)

    def poll(self, transfer: Transfer) -> None:
        fakes.poll(self.app, transfer)

    def look(self, transfer: Transfer, *, age: timedelta = timedelta(0)) -> None:
        given.look(self.app, transfer, age=age)

    def hear_that_it_is_unknown(self, transfer: Transfer) -> None:
        given.hear_that_it_is_unknown(self.app, transfer, self.network)

    def make_due(self, transfer: Transfer, *, age: timedelta = timedelta(0)) -> None:
        fakes.make_due(self.app, transfer.id, age=age)

    def seconds_until_due(self, transfer: Transfer) -> float | None:
        return rows.seconds_until_due(self.app, transfer.id)
