"""How much one tenant's moves wait for each other at the event counter: events a second for one
tenant against many, by threads with a connection each, on a PostgreSQL that really syncs.

`python -m bench.event_numbers --tenants 1 20 --threads 16 --seconds 5`; see docs/adr/0005.
"""

import argparse
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from unittest import mock

import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

import config
from dev.environment import run_program
from dev.servers import DURABLE, temporary_servers
from dev.stack import base_environment
from zampay.app import create_app
from zampay.infra.database.db import EVERY_TENANT, db, transaction
from zampay.kernel import ids
from zampay.webhooks import events


def main() -> None:
    """Measure each number of tenants, with and without an endpoint that listens."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    with ExitStack() as closing:
        app = _application(closing, options.threads)
        for listening in (False, True):
            for count in options.tenants:
                tenants = [_tenant(app, listening=listening) for _ in range(count)]
                rate = _rate(app, tenants, options.threads, options.seconds)
                print(f"{count:>3} tenants, listening: {listening!s:<5}  {rate:6.0f} events/s")


def _application(closing: ExitStack, threads: int) -> Flask:
    started = closing.enter_context(temporary_servers(settings=DURABLE))
    environment = {
        **base_environment(),
        "APP_ENV": "test",
        "DATABASE_URL": started.database_url,
        "DATABASE_POOL_SIZE": str(threads),
        "REDIS_URL": started.redis_url,
        "SECRET_KEY": "nothing-of-value-is-encrypted-by-this",
        "LOG_LEVEL": "ERROR",
    }
    closing.enter_context(mock.patch.dict("os.environ", environment, clear=True))
    app = create_app(config.load(), as_owner=True)
    with app.app_context():
        upgrade()
        closing.callback(db.engine.dispose)
    return app


def _tenant(app: Flask, *, listening: bool) -> str:
    tenant_id = ids.new("ten")
    row = {
        "id": tenant_id,
        "name": "Bench",
        "email": "owner@example.com",
        "endpoint": ids.new("whe"),
    }
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text(_TENANT), row)
        if listening:
            tx.session.execute(sa.text(_ENDPOINT), row)
    return tenant_id


_TENANT = """
    INSERT INTO tenants (id, business_name, email, activated_at)
    VALUES (:id, :name, :email, now())
"""
_ENDPOINT = """
    INSERT INTO webhook_endpoints
           (id, tenant_id, livemode, url, description, event_types, encrypted_headers, enabled,
            encrypted_secret, created_at, updated_at, position)
    VALUES (:endpoint, :id, true, 'https://shop.example/', '', '{*}', '{}', true,
            '', now(), now(), 0)
"""


def _rate(app: Flask, tenants: list[str], threads: int, seconds: float) -> float:
    """Events a second; nothing is enqueued, so that only the database is measured."""
    end = threading.Event()

    def publish(turn: int) -> int:
        count = 0
        while not end.is_set():
            _publish(app, tenants[(turn + count) % len(tenants)])
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        began_s = time.monotonic()
        counts = [pool.submit(publish, turn) for turn in range(threads)]
        end.wait(seconds)
        end.set()
        total = sum(count.result() for count in counts)
        return total / (time.monotonic() - began_s)


def _publish(app: Flask, tenant_id: str) -> None:
    payment_id = ids.new("pay")
    with app.app_context(), transaction(tenant_id) as tx:
        events.publish(
            tx,
            livemode=True,
            event_type="payment.successful",
            subject_id=payment_id,
            position=1,
            data={"id": payment_id},
        )
        tx.session.flush()
        tx.messages.clear()


if __name__ == "__main__":
    run_program(main)
