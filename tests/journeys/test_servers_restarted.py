"""PostgreSQL goes and comes back: the API answers again, and nobody restarts us."""

import time

from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop


def test_the_api_answers_again_after_postgresql_was_restarted(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    before = [shop.pay(payer)["id"] for _ in range(5)]
    gateway.machine.postgres.off()
    away = shop.ask("POST", "/payments", shop.order(payer))
    assert away.status_code == 503
    assert away.headers["Content-Type"] == "application/problem+json"
    assert "Retry-After" in away.headers
    gateway.machine.postgres.on()
    back_s = time.monotonic()
    payment_id = shop.pay(payer)["id"]
    assert time.monotonic() - back_s < 10
    for accepted in [*before, payment_id]:
        gateway.assert_paid_once(shop, accepted)


def test_what_was_answered_with_202_is_there_after_postgresql_was_killed(
    gateway: Gateway, shop: Shop, payer: str
) -> None:
    accepted = [shop.pay(payer)["id"] for _ in range(10)]
    gateway.machine.postgres.kill()
    gateway.machine.postgres.on()
    for payment_id in accepted:
        gateway.assert_paid_once(shop, payment_id)
