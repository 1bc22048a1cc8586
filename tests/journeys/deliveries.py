"""What journeys about webhooks share: endpoints, and the clock of deliveries put forward."""

import time
from datetime import datetime
from typing import Any

import psycopg

from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop
from tests.support.receiver import Received, Receiver, Says


class Ledger:
    """A receiver's memory: which events came, and how long after they happened."""

    def __init__(self, shop: Shop, receiver: Receiver) -> None:
        made = shop.ask("POST", "/webhook-endpoints", {"url": receiver.url})
        assert made.status_code == 201, made.text
        self.endpoint_id: str = made.json()["id"]
        self.secret: str = made.json()["secret"]
        self.events: list[dict[str, Any]] = []
        self.delays_s: list[float] = []
        receiver.answer = self.take

    def take(self, received: Received) -> Says:
        """Verify as a merchant does, remember, say 200."""
        now_s = time.time()
        event = received.verified(self.secret)
        moved_at = datetime.fromisoformat(event["createdAt"])
        self.delays_s.append(now_s - moved_at.timestamp())
        self.events.append(event)
        return Says()

    @property
    def numbers(self) -> list[int]:
        return [event["sequence"] for event in self.events]


def end_leases(gateway: Gateway) -> None:
    """Let every lease of a delivery be over, and every wait for another try."""
    with psycopg.connect(gateway.machine.servers.database_url) as link:
        link.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
        link.execute(
            "UPDATE webhook_deliveries SET due_at = now(), leased_until = NULL"
            " WHERE status = 'PENDING'"
        )
