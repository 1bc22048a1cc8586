"""The least that a Flask application does: read JSON, insert a row by SQLAlchemy, answer 202."""

import os
import uuid
from typing import Any

import requests
from flask import Flask, request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, MetaData, Table, Text

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 8, "max_overflow": 0}
db = SQLAlchemy(app)
orders = Table(
    "orders",
    MetaData(),
    *(Column(name, Text) for name in ("id", "external_id", "amount", "msisdn", "state")),
)
NETWORK = os.environ.get("NETWORK_URL", "")


@app.post("/orders")
def accept() -> Any:
    """Insert."""
    return _inserted("PENDING"), 202


@app.post("/orders-in-request")
def call() -> Any:
    """Call the network inside the request, and insert what it answered."""
    answer = requests.post(NETWORK, json=request.get_json(), timeout=10)
    return _inserted(str(answer.status_code)), 202


def _inserted(state: str) -> dict[str, str]:
    wanted = request.get_json()
    row = {
        "id": str(uuid.uuid4()),
        "external_id": wanted["externalId"],
        "amount": wanted["amount"],
        "msisdn": wanted["msisdn"],
        "state": state,
    }
    db.session.execute(orders.insert().values(row))
    db.session.commit()
    return row
