"""Events, endpoints and deliveries in a situation, and what workers and merchants do with them."""

import threading
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue
from tests.support.merchants import BASE, Answer, Merchant, answered
from tests.support.receiver import Receiver, Says
from tests.webhooks.rows import only_delivery, stored_endpoint
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.kernel import ids
from zampay.webhooks import events
from zampay.webhooks.delivery import attempt
from zampay.webhooks.delivery.queries import IN_FLIGHT
from zampay.webhooks.models import PENDING, Delivery, Endpoint, Event


def call(
    merchant: Merchant, method: str, path: str, body: Any = None, *, live: bool = True
) -> Answer:
    """One request of a merchant."""
    headers = merchant.headers(live=live)
    given = {} if body is None else {"json": body}
    return answered(merchant.client.open(f"{BASE}{path}", method=method, headers=headers, **given))


def endpoint(merchant: Merchant, url: str, *, live: bool = True, **changes: Any) -> Any:
    """A new endpoint, with its secret."""
    answer = merchant.post("/webhook-endpoints", {"url": url, **changes}, live=live)
    assert answer.status_code == 201, answer.text
    return answer.json


def answered_once(app: Flask, merchant: Merchant, task_queue: HeldQueue, shop: Receiver) -> Any:
    """A new endpoint that has had its first event."""
    made = endpoint(merchant, shop.url)
    publish(app, merchant)
    task_queue.run_all()
    while stored_endpoint(app, made["id"]).latency_ms is None:
        shop.await_received(1)
    return made


def keep_busy(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    shop: Receiver,
    until: threading.Event,
    *,
    owed: int,
) -> None:
    """A new endpoint that is owed so many events and answers none before the event: as many
    attempts are under way as it may have.
    """
    answered_once(app, merchant, task_queue, shop)
    hang(shop, until)
    for _ in range(owed):
        publish(app, merchant)
    task_queue.run_all()
    shop.await_received(1 + IN_FLIGHT)


def publish(
    app: Flask,
    merchant: Merchant,
    *,
    livemode: bool = True,
    event_type: str = "payment.successful",
    payment_id: str | None = None,
    fails: bool = False,
) -> Event:
    """One event, as a transition publishes it; with `fails`, the transaction is rolled back."""
    payment_id = payment_id or ids.new("pay")
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        event_id = events.publish(
            tx,
            livemode=livemode,
            event_type=event_type,
            subject_id=payment_id,
            position=1,
            data={"id": payment_id, "payerMessage": "Zikomo \N{HEAVY BLACK HEART}"},
        )
        if fails:
            raise ZeroDivisionError
        event = tx.session.get(Event, event_id)
    assert event is not None
    return event


def pull_forward(app: Flask, **changes: Any) -> None:
    """Let every delivery that is owed be due now, with other changes to these rows."""
    row = {"due_at": sa.func.now(), "leased_until": None, **changes}
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Delivery).where(Delivery.status == PENDING).values(row))


def age_failure(app: Flask, endpoint_id: str, age: timedelta) -> None:
    """Let an endpoint have been failing for so long."""
    began = sa.func.now() - age
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        changed = sa.update(Endpoint).where(Endpoint.id == endpoint_id)
        tx.session.execute(changed.values(failing_since=began))


def end_overlap(app: Flask) -> None:
    """Let previous secrets sign no more."""
    over = sa.func.now() - timedelta(seconds=1)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Endpoint).values(previous_secret_ends_at=over))


def start(app: Flask, row: Delivery) -> None:
    """What a worker does with a message about the endpoint of this delivery."""
    with app.app_context():
        attempt.wake(tenant_id=row.tenant_id, endpoint_id=row.endpoint_id)


def run(app: Flask, task: str) -> Any:
    """A task of beat, as a worker runs it."""
    with app.app_context():
        return app.extensions["celery"].tasks[task]()


def fail_until(app: Flask, task_queue: HeldQueue, attempts: int) -> Delivery:
    """Make attempts at the only delivery, however long its schedule would wait."""
    task_queue.run_all()
    while only_delivery(app).attempts < attempts:
        pull_forward(app)
        start(app, only_delivery(app))
    return only_delivery(app)


def hang(shop: Receiver, until: threading.Event) -> None:
    """The receiver answers nobody before the event."""
    shop.answer = lambda _: Says(when=until)
