"""Short ways to bring a network into trouble, and to see what was found and told of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.given import accept
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.networks import telling
from zampay.providers.contract import (
    NotSent,
    Submission,
)
from zampay.transfers.concurrency import TROUBLE_AFTER
from zampay.transfers.due import Stream
from zampay.transfers.network_states import Trouble
from zampay.transfers.states import NextAction
from zampay.transfers.watching import Watch

DEPLOYMENTS = Stream(NextAction.SUBMIT, "MTN", "deployment", livemode=True)
AWAY = NotSent("connection refused")


def troubles(app: Flask) -> list[Trouble]:
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        return list(tx.session.scalars(sa.select(Trouble).order_by(Trouble.began_at)))


def told(merchant: Merchant) -> list[dict[str, Any]]:
    """The events about networks in the merchant's feed."""
    found = merchant.get("/events").json["data"]
    return [one for one in found if one["type"].startswith("network.")]


def send_all(app: Flask, queue: HeldQueue) -> None:
    with app.app_context():
        queue.run_all()


def fails(
    app: Flask, merchant: Merchant, queue: HeldQueue, network: ScriptedNetwork, answer: Submission
) -> None:
    """So many sends that come to this that there is trouble."""
    for _ in range(TROUBLE_AFTER):
        accept(app, merchant)
        network.submit_answers.append(answer)
        send_all(app, queue)


def watch(app: Flask, merchant: Merchant) -> Callable[..., None]:
    """A watch of a process of its own, which notes what it is given."""
    made = Watch(DEPLOYMENTS)

    def note(*answers: Submission, began_s: float = 0.0) -> None:
        with app.app_context():
            for answer in answers:
                made.note(answer, began_s=began_s, tenant_id=merchant.tenant_id)

    return note


def age(app: Flask, by: timedelta) -> None:
    """Let the trouble have been found so much earlier."""
    moved = [Trouble.sends_at, Trouble.polls_at]
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Trouble).values({one: one - by for one in moved}))


def tend(app: Flask) -> None:
    with app.app_context():
        telling.tend()
