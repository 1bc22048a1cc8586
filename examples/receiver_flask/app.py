"""A merchant's receiver: verifies each webhook, takes each event once, and misses none.

Settings: WEBHOOK_SECRET, ZAMPAY_URL, ZAMPAY_API_KEY, ZAMPAY_TENANT_ID; DATABASE (a file).
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sqlite3
import time
import urllib.request
from typing import Any

from flask import Flask, Response, jsonify, request

TOLERANCE_S = 5 * 60
SECONDS = re.compile("[0-9]{1,12}")
PAGE = 100
SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
SCHEMA = "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, sequence INTEGER, body TEXT)"

app = Flask(__name__)


def database() -> sqlite3.Connection:
    """The events that we have taken; your own tables stand beside them."""
    link = sqlite3.connect(os.environ.get("DATABASE", "events.sqlite"), timeout=10)
    link.execute(SCHEMA)
    return link


def is_genuine(headers: Any, body: bytes) -> bool:
    """Whether the gateway signed this, and not long ago. During a rotation of the secret there
    are two signatures; one that fits is enough.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not SECONDS.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > TOLERANCE_S:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256))
    return any(
        version == "v1" and hmac.compare_digest(signature.encode(), expected)
        for version, _, signature in (
            one.partition(",") for one in headers.get("webhook-signature", "").split(" ")
        )
    )


@app.post("/hooks")
def receive() -> tuple[str, int]:
    """Take the event, then whatever it shows to be missing; 2xx says that we have it."""
    body = request.get_data()
    if not is_genuine(request.headers, body):
        return "not signed by the gateway", 401
    event = json.loads(body)
    if event["sequence"] is None:
        return "a test event", 200
    with database() as link:
        known = contiguous(link, event["sequence"])
        take(link, event)
    if event["sequence"] > known + 1:
        fetch_missing(known, event["sequence"])
    return "", 204


def take(link: sqlite3.Connection, event: dict[str, Any]) -> None:
    """Do what the event asks for, once: events may come twice, under the same id."""
    added = link.execute(
        "INSERT OR IGNORE INTO events VALUES (?, ?, ?)",
        (event["id"], event["sequence"], json.dumps(event)),
    )
    if added.rowcount:
        # Your own work goes here, in this same transaction: mark the order as paid.
        print(f"#{event['sequence']} {event['type']}", flush=True)


def contiguous(link: sqlite3.Connection, arriving: int) -> int:
    """Up to which number we have every event; before the first one, what is before it."""
    numbers = [row[0] for row in link.execute("SELECT sequence FROM events ORDER BY sequence")]
    known = numbers[0] - 1 if numbers else arriving - 1
    for number in numbers:
        if number != known + 1:
            break
        known = number
    return known


def fetch_missing(known: int, arriving: int) -> None:
    """Ask for what lies between. When that fails, the next webhook shows the gap again."""
    while known < arriving - 1:
        url = f"{os.environ['ZAMPAY_URL']}/api/v1/events?after={known}&limit={PAGE}"
        question = urllib.request.Request(  # noqa: S310 - our own setting
            url,
            headers={
                "Authorization": f"Bearer {os.environ['ZAMPAY_API_KEY']}",
                "x-tenant-id": os.environ["ZAMPAY_TENANT_ID"],
            },
        )
        try:
            with urllib.request.urlopen(question, timeout=10) as answer:  # noqa: S310 - as above
                events = json.load(answer)["data"]
        except OSError as error:
            print(f"events after #{known} cannot be fetched: {error}", flush=True)
            return
        if not events:
            return
        with database() as link:
            for event in events:
                take(link, event)
        known = events[-1]["sequence"]


@app.get("/received")
def received() -> Response:
    """The numbers of the events that we have, for a look."""
    with database() as link:
        rows = link.execute("SELECT sequence FROM events ORDER BY sequence")
        return jsonify([row[0] for row in rows])


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "3000")), threaded=True)
