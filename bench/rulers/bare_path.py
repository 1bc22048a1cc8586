"""The least that the gateway's packages need for a payment's path, without any of its promises.

Flask inserts and sends a task; a task calls the network; the network's callback sends a task, which
asks the network; each of the two changes is told to the merchant by one more task. There is no
lease, no repetition, no signature, no limit and nobody to keep apart: whatever fails is lost.
"""

import os
from typing import Any

import requests
import sqlalchemy as sa
from celery import Celery
from flask import Flask, request

app = Flask(__name__)
celery = Celery("ruler", broker=os.environ["REDIS_URL"])
celery.conf.update(task_ignore_result=True, task_default_queue="path", worker_prefetch_multiplier=4)
engine = sa.create_engine(os.environ["DATABASE_URL"], pool_size=16)
http = requests.Session()
OTHERS = os.environ.get("OTHERS_URL", "")
_INSERT = sa.text("INSERT INTO orders VALUES (:id, :external_id, :amount, :msisdn, 'PENDING')")
_MOVE = sa.text("UPDATE orders SET state = :state WHERE id = :id")


@app.post("/orders")
def accept() -> Any:
    """Insert, and have it sent."""
    wanted = request.get_json()
    made = wanted["externalId"]
    row = {"external_id": made, "amount": wanted["amount"], "msisdn": wanted["msisdn"]}
    with engine.begin() as link:
        link.execute(_INSERT, {"id": made, **row})
    send.delay(made)
    return {"id": made, "state": "PENDING"}, 202


@app.put("/callbacks/<made>")
def callback(made: str) -> Any:
    """Have it asked about."""
    ask.delay(made)
    return {}


@celery.task
def send(made: str) -> None:
    """Ask the network for the money."""
    http.post(f"{OTHERS}/network/{made}", json={"id": made}, timeout=10)
    _move(made, "PROCESSING")


@celery.task
def ask(made: str) -> None:
    """Ask the network what became of it."""
    http.get(f"{OTHERS}/network/{made}", timeout=10)
    _move(made, "SUCCESSFUL")


@celery.task
def tell(made: str, state: str) -> None:
    """Tell the merchant."""
    http.post(f"{OTHERS}/merchant/{made}", json={"id": made, "state": state}, timeout=10)


def _move(made: str, state: str) -> None:
    with engine.begin() as link:
        link.execute(_MOVE, {"id": made, "state": state})
    tell.delay(made, state)
