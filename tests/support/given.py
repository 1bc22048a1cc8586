"""Short ways to bring a payment into a situation, by the same ways as in production."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, poll, result, stored, submit
from tests.support.merchants import Merchant
from zampay.providers.contract import (
    InDoubt,
    NotFound,
    Order,
    ProviderResult,
)
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers.models import Transfer
from zampay.transfers.states import State

LONG = timedelta(minutes=10)
UNKNOWN = NotFound("the network does not know the reference (404)")
DECLINED_BY_PAYER = Failure(FailureCode.PAYER_DECLINED, "The payer said no.", "APPROVAL_REJECTED")


def accept(app: Flask, merchant: Merchant, *, live: bool = True, **changes: Any) -> Transfer:
    """A payment taken on over REST, as it is stored; its message has not run yet."""
    answer = merchant.pay(live=live, **changes)
    assert answer.status_code == 202, answer.json
    return stored(app, answer.json["id"])


def processing(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """A payment that the network has taken on."""
    transfer = accept(app, merchant)
    submit(app, transfer)
    return in_state(app, transfer, State.PROCESSING)


def unconfirmed(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, presumed: Failure | None = None
) -> Transfer:
    """A payment whose send was answered by nothing that can be relied on."""
    transfer = accept(app, merchant)
    network.submit_answers.append(InDoubt("reset", presumed))
    submit(app, transfer)
    return in_state(app, transfer, State.UNCONFIRMED)


def to_be_sent_again(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """A payment in doubt that the network, long after, says it does not know."""
    transfer = unconfirmed(app, merchant, network)
    hear_that_it_is_unknown(app, transfer, network)
    return in_state(app, transfer, State.PENDING)


def hear_that_it_is_unknown(app: Flask, transfer: Transfer, network: ScriptedNetwork) -> None:
    """One look, past the grace time, at which the network says 404."""
    network.poll_answers.insert(0, UNKNOWN)
    look(app, transfer, age=LONG)


def never_landed(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """A payment that failed because the time to send it again was over when the 404 came."""
    transfer = unconfirmed(app, merchant, network)
    window, app.config["SUBMIT_WINDOW"] = app.config["SUBMIT_WINDOW"], timedelta(0)
    hear_that_it_is_unknown(app, transfer, network)
    app.config["SUBMIT_WINDOW"] = window
    return in_state(app, transfer, State.FAILED)


def ended(app: Flask, merchant: Merchant, network: ScriptedNetwork, status: str) -> Transfer:
    """A payment of which the network has named the end."""
    transfer = processing(app, merchant, network)
    network.poll_answers.append(ending(status))
    look(app, transfer)
    return in_state(app, transfer, State(status))


def ending(status: str, **figures: Any) -> Callable[[Order], ProviderResult]:
    """A script line: the network reports this status, with a failure where it needs one."""
    if status == "FAILED":
        figures.setdefault("failure", DECLINED_BY_PAYER)
    return result(status, **figures)


def look(app: Flask, transfer: Transfer, *, age: timedelta = timedelta(0)) -> None:
    """Let the time of the next look come (and `age` pass since the last send), and look."""
    make_due(app, transfer.id, age=age)
    poll(app, transfer)


def in_state(app: Flask, transfer: Transfer, state: State) -> Transfer:
    """The row as it is now; a payment that went another way must not look like a test's success."""
    now = stored(app, transfer.id)
    assert now.state == state
    return now
