"""Airtel with real processes: one charge or none, and the right end, whatever happens."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

PREFIX = "2609731234"
DECLINES = {
    f"{PREFIX}50": "unspecified",
    f"{PREFIX}51": "payer_declined",
    f"{PREFIX}52": "approval_timeout",
    f"{PREFIX}55": "payer_not_found",
    f"{PREFIX}58": "provider_rejected",
    f"{PREFIX}63": "approval_timeout",
    f"{PREFIX}64": "unspecified",
    f"{PREFIX}70": "insufficient_funds",
    f"{PREFIX}71": "limit_exceeded",
}
"""Number to failure code; 55 and 58 are doubt until an enquiry finds nothing."""
LANDED: dict[str, tuple[str, dict[str, Any]]] = {
    "reset after the charge": ("reset_after", {}),
    "500 with a code after the charge": (
        "error_after",
        {"body": {"status": {"success": False, "response_code": "DP00800001007"}}},
    ),
    "hangs after the charge": ("hang", {"when": "after"}),
    "late answer": ("latency", {"seconds": 3.0}),
    "garbage": ("garbage", {}),
    "500 with HTML after the charge": ("error_after", {"body": "<h1>Oops</h1>"}),
}
NEVER_LANDED: dict[str, tuple[str, dict[str, Any]]] = {
    "reset before the charge": ("reset_before", {}),
    "503 before the charge": ("status", {"status": 503}),
    "an unknown code under HTTP 200": (
        "status",
        {"status": 200, "body": {"status": {"success": False, "response_code": "DP00800007777"}}},
    ),
}


class Airtel(Network):
    """The simulator, which is told nothing of our payments' ids: all is counted by reference."""

    def charged(self, reference: str) -> int:
        return int(self.journal()["byReference"].get(reference, 0))


@pytest.fixture
def airtel(gateway: Gateway) -> Airtel:
    return Airtel(gateway.stack.simulator_urls["AIRTEL"], gateway.session)


@pytest.fixture(scope="module")
def airtel_numbers() -> Iterator[str]:
    return (f"{PREFIX}{suffix:02d}" for suffix in [*range(50), *range(76, 100)])


@pytest.fixture
def customer(airtel_numbers: Iterator[str]) -> str:
    """A number that simply pays, this journey's own."""
    return next(airtel_numbers)


@pytest.fixture(scope="module")
def sent(running: Gateway, shop: Shop, airtel_numbers: Iterator[str]) -> dict[str, str]:
    """Every doubt and every no at once, each with a payer of its own: name to payment id."""
    network = Airtel(running.stack.simulator_urls["AIRTEL"], running.session)
    payments = {}
    for name, (kind, details) in {**LANDED, **NEVER_LANDED}.items():
        number = next(airtel_numbers)
        network.fault("push", kind, msisdn=number, **details)
        payments[name] = shop.pay(number)["id"]
    return payments | {number: shop.pay(number)["id"] for number in DECLINES}


def assert_paid_once(gateway: Gateway, airtel: Airtel, shop: Shop, payment_id: str) -> str:
    """It ends SUCCESSFUL, the payer was charged exactly once, and was asked once; the reference."""
    payment = gateway.until_final(shop, payment_id)
    assert (payment["status"], payment["failure"]) == ("SUCCESSFUL", None)
    assert shop.statuses(payment_id).count("SUCCESSFUL") == 1
    reference = gateway.books.reference(payment_id)
    assert airtel.charged(reference) == 1
    return reference


def test_a_payment_goes_through_and_its_callback_is_proven(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    payment_id = shop.pay(customer, amount="25.50")["id"]
    assert_paid_once(gateway, airtel, shop, payment_id)
    payment = shop.payment(payment_id)
    assert (payment["provider"], payment["msisdn"]) == ("AIRTEL", customer)
    assert payment["providerTransactionId"].startswith("MP")
    moves = [(move["status"], move["evidence"]) for move in shop.history(payment_id)]
    assert moves == [
        ("PENDING", "accepted"),
        ("PENDING", "submitted"),
        ("PROCESSING", "submitted"),
        ("SUCCESSFUL", "callback"),
    ]
    assert [kept["verified"] for kept in gateway.books.callbacks(payment_id)] == [True]


@pytest.mark.parametrize(("number", "code"), DECLINES.items())
def test_a_no_of_airtel_is_told_with_its_reason(
    gateway: Gateway, airtel: Airtel, shop: Shop, sent: dict[str, str], number: str, code: str
) -> None:
    payment = gateway.until_final(shop, sent[number])
    assert (payment["status"], payment["failure"]["code"]) == ("FAILED", code)
    assert airtel.charged(gateway.books.reference(payment["id"])) == 0


@pytest.mark.parametrize("name", LANDED)
def test_what_landed_in_doubt_is_found_by_asking_and_never_sent_again(
    gateway: Gateway, airtel: Airtel, shop: Shop, sent: dict[str, str], name: str
) -> None:
    reference = assert_paid_once(gateway, airtel, shop, sent[name])
    assert len(airtel.requests(reference, "push")) <= 1  # a late answer is never heard


@pytest.mark.parametrize("name", NEVER_LANDED)
def test_what_airtel_never_received_fails_after_the_grace_and_is_not_sent_again(
    gateway: Gateway, airtel: Airtel, shop: Shop, sent: dict[str, str], name: str
) -> None:
    payment = gateway.until_final(shop, sent[name])
    assert payment["status"] == "FAILED"
    assert payment["failure"]["code"] == "provider_unavailable"
    assert shop.history(payment["id"])[-1]["evidence"] == "enquiry"
    reference = gateway.books.reference(payment["id"])
    assert (airtel.charged(reference), len(airtel.requests(reference, "push"))) == (0, 1)


def test_nothing_depends_on_a_callback(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    airtel.fault("callback", "lost", msisdn=customer)
    payment_id = shop.pay(customer)["id"]
    assert_paid_once(gateway, airtel, shop, payment_id)
    assert shop.history(payment_id)[-1]["evidence"] == "enquiry"


def test_a_forged_callback_changes_nothing(gateway: Gateway, airtel: Airtel, shop: Shop) -> None:
    payment_id = shop.pay(f"{PREFIX}53")["id"]
    gateway.until_status(shop, payment_id, "PROCESSING")
    reference = gateway.books.reference(payment_id)
    asked = airtel.polls(reference)
    forged = {"transaction": {"id": reference, "status_code": "TS"}, "hash": "bm90IGl0"}
    airtel.call_back(reference, body=forged)
    gateway.until(lambda: airtel.polls(reference) > asked, "Airtel to be asked")
    kept = gateway.books.callbacks(payment_id)
    assert [one["verified"] for one in kept] == [False]
    assert shop.statuses(payment_id) == ["PENDING", "PENDING", "PROCESSING"]
    airtel.settle(reference, "FAILED", "DP00800001008")
    assert gateway.until_final(shop, payment_id)["failure"]["code"] == "payer_declined"


def test_an_address_that_is_not_ours_is_unknown_and_at_ours_nothing_is_told(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    payment_id = shop.pay(customer)["id"]
    reference = assert_paid_once(gateway, airtel, shop, payment_id)
    url = airtel.callback_url(reference)
    wrong = url[:-1] + ("0" if url[-1] != "0" else "1")
    with requests.Session() as stranger:
        for address, body, status in (
            (wrong, {"transaction": {"id": reference}}, 404),
            (url, {"transaction": {"id": "nobody's"}}, 200),
            (url, {}, 200),
            (url, {"transaction": {"id": reference}}, 200),
        ):
            answer = stranger.post(address, json=body, timeout=10)
            assert answer.status_code == status, answer.text


def test_fifty_copies_of_a_callback_change_nothing(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    payment_id = shop.pay(customer)["id"]
    reference = assert_paid_once(gateway, airtel, shop, payment_id)
    before = shop.history(payment_id)
    airtel.call_back(reference, copies=50)
    assert shop.history(payment_id) == before
    assert len(gateway.books.callbacks(payment_id)) == 1


def test_a_token_that_ended_is_renewed_on_the_way(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    airtel.expire_tokens()
    payment_id = shop.pay(customer)["id"]
    reference = assert_paid_once(gateway, airtel, shop, payment_id)
    assert airtel.requests(reference, "push")[-1] == 200


def test_the_worker_is_killed_between_the_charge_and_our_second_transaction(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str
) -> None:
    gateway.replace("worker", SUBMIT_LEASE_S="2", AIRTEL_READ_TIMEOUT_S="60")
    airtel.fault("push", "hang", when="after", msisdn=customer)
    airtel.fault("callback", "lost", msisdn=customer)
    payment_id = shop.pay(customer)["id"]
    reference = gateway.books.reference(payment_id)
    gateway.until(lambda: airtel.charged(reference) == 1, "the charge")
    gateway.stack.kill("worker")
    assert shop.payment(payment_id)["status"] == "PENDING"
    gateway.restore("worker")
    assert_paid_once(gateway, airtel, shop, payment_id)
    airtel.release()
    assert len(airtel.requests(reference, "push")) <= 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("point", "status"),
    [("before_submit", "FAILED"), ("before_poll", "SUCCESSFUL"), ("after_poll", "SUCCESSFUL")],
)
def test_the_worker_dies_at_the_call_of_airtel(
    gateway: Gateway, airtel: Airtel, shop: Shop, customer: str, point: str, status: str
) -> None:
    """What never left fails after the grace: it is not known that it never left."""
    airtel.fault("callback", "lost", msisdn=customer)
    crash = {"CRASH_AT": point, "CRASH_FOR": customer, "SUBMIT_LEASE_S": "2"}
    gateway.replace("worker", module="tests.journeys.crashing_worker", **crash)
    payment_id = shop.pay(customer)["id"]
    gateway.until_dead("worker")
    assert shop.payment(payment_id)["status"] in {"PENDING", "PROCESSING"}
    gateway.restore("worker")
    assert gateway.until_final(shop, payment_id)["status"] == status
    reference = gateway.books.reference(payment_id)
    assert airtel.charged(reference) == (status == "SUCCESSFUL")
