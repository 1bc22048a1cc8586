"""Zamtel's one call, through all processes: it ends a payment, or a person looks at it."""

from collections.abc import Iterator

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

READ_TIMEOUT_S = 3
QUICK = {"ZAMTEL_READ_TIMEOUT_S": str(READ_TIMEOUT_S), "SUBMIT_LEASE_S": "2"}
ENDINGS = {
    "51": ("FAILED", "payer_declined", "E8003"),
    "55": ("FAILED", "payer_not_found", "E8036"),
    "70": ("FAILED", "insufficient_funds", "2006"),
    "71": ("FAILED", "limit_exceeded", "2005"),
}


@pytest.fixture
def zamtel(gateway: Gateway) -> Iterator[Network]:
    """Zamtel's simulator; in the end nothing hangs there."""
    network = Network(gateway.stack.simulator_urls["ZAMTEL"], gateway.session)
    yield network
    network._admin("DELETE", "/faults")
    network.release()


@pytest.fixture
def customer(payer: str) -> str:
    """A number of Zamtel's that simply pays, this journey's own."""
    return payer.replace("26096", "26095")


def sends(gateway: Gateway, zamtel: Network, payment_id: str) -> int:
    """How many requests to pay the network has had and answered, or not, under our reference."""
    return len(zamtel.requests(gateway.books.reference(payment_id), "payment"))


def charges(gateway: Gateway, zamtel: Network, payment_id: str) -> int:
    return int(zamtel.journal()["byReference"].get(gateway.books.reference(payment_id), 0))


def test_a_customer_who_enters_the_pin_has_paid_once(
    gateway: Gateway, zamtel: Network, shop: Shop, customer: str
) -> None:
    payment_id = shop.pay(customer)["id"]
    payment = gateway.until_final(shop, payment_id)
    assert (payment["provider"], payment["status"]) == ("ZAMTEL", "SUCCESSFUL")
    assert len(payment["providerTransactionId"]) == 12
    assert charges(gateway, zamtel, payment_id) == 1
    assert sends(gateway, zamtel, payment_id) == 1
    assert [line["evidence"] for line in shop.history(payment_id)][-1] == "submitted"


@pytest.mark.parametrize("suffix", ENDINGS)
def test_a_clear_no_fails_with_its_code(
    gateway: Gateway, zamtel: Network, shop: Shop, suffix: str
) -> None:
    payment_id = shop.pay(f"2609531234{suffix}")["id"]
    payment = gateway.until_final(shop, payment_id)
    failure = payment["failure"]
    said = (payment["status"], failure["code"], failure["providerCode"])
    assert said == ENDINGS[suffix]
    assert failure["retry"] == "safe"
    assert charges(gateway, zamtel, payment_id) == 0


@pytest.mark.parametrize(
    ("suffix", "charged", "said"),
    [
        ("72", 1, "no answer"),
        ("73", 0, "no answer"),
        ("74", 1, "500 <html>"),
        ("62", 0, "200 status E8027"),
    ],
)
def test_a_lost_or_unclear_answer_goes_to_a_person_with_the_evidence_and_is_not_sent_again(
    gateway: Gateway, zamtel: Network, shop: Shop, suffix: str, charged: int, said: str
) -> None:
    payment_id = shop.pay(f"2609531234{suffix}")["id"]
    gateway.until_status(shop, payment_id, "IN_REVIEW")
    sent, doubt, _ = shop.history(payment_id)[-3:]
    assert gateway.books.reference(payment_id) in sent["detail"]
    assert doubt["detail"].startswith("in doubt: sent 12.50 ZMW, short code 000088; after ")
    assert said in doubt["detail"]
    assert sends(gateway, zamtel, payment_id) == 1
    assert charges(gateway, zamtel, payment_id) == charged


def test_a_code_that_nobody_knows_is_doubt(
    gateway: Gateway, zamtel: Network, shop: Shop, customer: str
) -> None:
    zamtel.fault("payment", "status", msisdn=customer, status=200, body={"status": "E9999"})
    payment_id = shop.pay(customer)["id"]
    gateway.until_status(shop, payment_id, "IN_REVIEW")
    assert sends(gateway, zamtel, payment_id) == 1


def test_a_customer_who_answers_after_our_time_is_over_is_found_by_a_person(
    gateway: Gateway, zamtel: Network, shop: Shop
) -> None:
    gateway.replace("worker", **QUICK)
    payment_id = shop.pay("260953123453")["id"]
    gateway.until_status(shop, payment_id, "IN_REVIEW")
    doubt = shop.history(payment_id)[-2]
    assert f"after {READ_TIMEOUT_S}." in doubt["detail"]
    zamtel.settle(gateway.books.reference(payment_id), "SUCCESSFUL")
    assert charges(gateway, zamtel, payment_id) == 1
    assert shop.payment(payment_id)["status"] == "IN_REVIEW"
    gateway.until(lambda: sends(gateway, zamtel, payment_id) == 1, "the network's journal")


def test_a_worker_killed_while_the_customer_is_asked_leaves_it_to_a_person_and_sends_nothing_again(
    gateway: Gateway, zamtel: Network, shop: Shop, customer: str
) -> None:
    gateway.replace("worker", **QUICK)
    zamtel.fault("payment", "hang", when="after", msisdn=customer)
    payment_id = shop.pay(customer)["id"]
    gateway.until(lambda: charges(gateway, zamtel, payment_id) == 1, "the charge")
    gateway.stack.kill("worker")
    row = gateway.books.payment(payment_id)
    gateway.restore("worker")
    assert row["state"] == "SUBMITTING"
    assert (row["leased_until"] - row["submitted_at"]).total_seconds() >= READ_TIMEOUT_S
    gateway.until_status(shop, payment_id, "IN_REVIEW")
    zamtel.release()
    gateway.until(lambda: sends(gateway, zamtel, payment_id) == 1, "the network's journal")
    assert charges(gateway, zamtel, payment_id) == 1
    assert gateway.books.payment(payment_id)["submissions"] == 1


def test_with_the_enquiry_a_lost_answer_is_found_out_by_asking(
    gateway: Gateway, zamtel: Network, shop: Shop
) -> None:
    simulated = gateway.stack.environment
    gateway.replace(
        "worker",
        ZAMTEL_STATUS_BASE_URL=f"{zamtel.url}/status/",
        ZAMTEL_STATUS_USERNAME=simulated["SIMULATOR_ZAMTEL_STATUS_USERNAME"],
        ZAMTEL_STATUS_PASSWORD=simulated["SIMULATOR_ZAMTEL_STATUS_PASSWORD"],
    )
    payment_id = shop.pay("260953123472")["id"]
    assert gateway.until_final(shop, payment_id)["status"] == "SUCCESSFUL"
    assert shop.history(payment_id)[-1]["evidence"] == "enquiry"
    assert charges(gateway, zamtel, payment_id) == 1
    assert sends(gateway, zamtel, payment_id) == 1
