"""A merchant hears about every transition: at once, in order, and again after whatever died."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.journeys.deliveries import Ledger, end_leases
from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop
from tests.support.receiver import Received, Receiver, Says, receiver

DELIVERY_DIES = "tests.journeys.crashing_deliverer"


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def pay(gateway: Gateway, shop: Shop, payer: str) -> str:
    """A payment that has come to its good end, which is two events."""
    payment_id: str = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, payment_id)
    return payment_id


def test_a_merchant_hears_of_each_transition_within_a_second(
    gateway: Gateway,
    hooks: Receiver,
    payer: str,
    record_property: Callable[[str, object], None],
) -> None:
    shop = gateway.shop()
    ledger = Ledger(shop, hooks)
    payments = [pay(gateway, shop, payer) for _ in range(5)]
    hooks.await_received(10)
    gateway.until(lambda: len(ledger.events) == 10, "every event to be read")
    record_property("delays_s", [round(delay, 3) for delay in ledger.delays_s])
    assert max(ledger.delays_s) < 1, ledger.delays_s
    assert sorted(ledger.numbers) == list(range(1, 11))
    for payment_id in payments:
        told = [event for event in ledger.events if event["data"]["id"] == payment_id]
        in_order = sorted(told, key=lambda event: event["sequence"])
        assert [event["type"] for event in in_order] == ["payment.processing", "payment.successful"]
        assert in_order[1]["data"] == shop.payment(payment_id)
    feed = shop.ask("GET", "/events").json()["data"]
    assert sorted(ledger.events, key=lambda event: event["sequence"]) == feed


def test_a_worker_killed_between_the_merchant_s_200_and_our_record_delivers_again(
    gateway: Gateway, hooks: Receiver, payer: str
) -> None:
    shop = gateway.shop()
    ledger = Ledger(shop, hooks)
    gateway.replace("worker", module=DELIVERY_DIES)
    payment_id = shop.pay(payer)["id"]
    gateway.until_dead("worker")
    first = hooks.await_received(1)[0]
    gateway.restore("worker")
    gateway.assert_paid_once(shop, payment_id)
    end_leases(gateway)
    gateway.until(lambda: set(ledger.numbers) == {1, 2}, "both events")
    gateway.until(lambda: _status(shop, ledger) == {"DELIVERED"}, "the record of both")
    again = [received for received in hooks.received if received.id == first.id]
    assert len(again) == 2
    assert {received.body for received in again} == {first.body}


def answering_late(shop: Shop, hooks: Receiver, let_go: threading.Event) -> Ledger:
    """The merchant's ledger; its server answers nobody before the event."""
    ledger = Ledger(shop, hooks)

    def late(received: Received) -> Says:
        ledger.take(received)
        return Says(when=let_go)

    hooks.answer = late
    return ledger


def _status(shop: Shop, ledger: Ledger) -> set[str]:
    path = f"/webhook-endpoints/{ledger.endpoint_id}/deliveries"
    return {line["status"] for line in shop.ask("GET", path).json()["data"]}


def test_redis_is_emptied_in_the_middle_of_deliveries(
    gateway: Gateway, hooks: Receiver, payer: str, let_go: threading.Event
) -> None:
    shop = gateway.shop()
    ledger = answering_late(shop, hooks, let_go)
    payments = [shop.pay(payer)["id"] for _ in range(6)]
    hooks.await_received(1)
    gateway.machine.flush_redis()
    for payment_id in payments:
        gateway.assert_paid_once(shop, payment_id)
    gateway.machine.flush_redis()
    let_go.set()
    gateway.until(lambda: set(ledger.numbers) == set(range(1, 13)), "every event")
    gateway.until(lambda: _status(shop, ledger) == {"DELIVERED"}, "the record of all")


def test_whoever_hangs_delays_neither_other_merchants_nor_payments(
    gateway: Gateway, hooks: Receiver, payer: str, let_go: threading.Event
) -> None:
    hanging, shop = gateway.shop("Hanging Stores"), gateway.shop()
    with ExitStack() as closing:
        dead = [closing.enter_context(receiver()) for _ in range(12)]
        for one in dead:
            Ledger(hanging, one)
            one.answer = lambda _: Says(when=let_go)
        pay(gateway, hanging, payer)
        for one in dead:
            one.await_received(1)
        ledger = Ledger(shop, hooks)
        pay(gateway, shop, payer)
        gateway.until(lambda: set(ledger.numbers) == {1, 2}, "both events")
        assert max(ledger.delays_s) < 1, ledger.delays_s
        let_go.set()


def test_a_worker_asked_to_stop_waits_for_the_merchant_it_is_talking_to(
    gateway: Gateway, hooks: Receiver, payer: str, let_go: threading.Event
) -> None:
    shop = gateway.shop()
    ledger = answering_late(shop, hooks, let_go)
    payment_id = shop.pay(payer)["id"]
    hooks.await_received(1)
    threading.Timer(1, let_go.set).start()
    gateway.stack.stop("worker")
    assert let_go.is_set()
    path = f"/webhook-endpoints/{ledger.endpoint_id}/deliveries"
    *_, first = shop.ask("GET", path).json()["data"]
    assert first["status"] == "DELIVERED"  # a later event may be waiting for the next worker
    gateway.stack.start("worker")
    gateway.assert_paid_once(shop, payment_id)
    gateway.until(lambda: set(ledger.numbers) == {1, 2}, "both events")
    assert sorted(ledger.numbers) == [1, 2]
