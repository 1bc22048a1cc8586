"""Money in both directions: a charge raises the balance of its product, a payout lowers it."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from tests.simulators.core.networks import SmallPayment
from zampay.simulators.core.wallet import Course, Wallet

AT_ONCE = Course()


def made(reference_id: str, amount: str, **changes: Any) -> SmallPayment:
    given = {"product": "out", "is_payout": True, "course": AT_ONCE, **changes}
    return SmallPayment(
        reference_id=reference_id,
        external_id="order-1",
        msisdn="260963123400",
        amount=Decimal(amount),
        currency="ZMW",
        callback_url=None,
        **given,
    )


def wallet() -> Wallet:
    return Wallet(lambda _: None)


def test_a_payout_lowers_the_balance_of_its_product_alone() -> None:
    held = wallet()
    held.add(made("in", "20", product="in", is_payout=False), 0)
    held.add(made("out", "12.50"), 0)
    assert (held.balance("in"), held.balance("out")) == (Decimal(1020), Decimal("987.50"))
    (charge,), (payout,) = held.copy_of_charges(), held.copy_of_payouts()
    assert (charge["referenceId"], charge["amount"]) == ("in", "20")
    assert (payout["referenceId"], payout["amount"], payout["product"]) == ("out", "12.5", "out")


def test_a_payout_that_the_balance_does_not_cover_fails_and_moves_nothing() -> None:
    held, short = wallet(), made("short", "1000.01")
    held.add(short, 0)
    assert (short.status, short.reason) == ("FAILED", "NOT_ENOUGH_FUNDS")
    assert short.transaction_id is None
    assert (held.balance("out"), held.copy_of_payouts()) == (Decimal(1000), [])
    held.add(made("all of it", "1000"), 0)
    assert held.balance("out") == 0


def test_a_payout_ended_by_hand_cannot_overdraw_either() -> None:
    held, never = wallet(), made("short", "1001", course=Course(last=None))
    held.add(never, 0)
    assert held.settle(never, "SUCCESSFUL", None)
    assert (never.status, never.reason) == ("FAILED", "NOT_ENOUGH_FUNDS")


def test_payouts_at_the_same_time_never_overdraw() -> None:
    held = wallet()
    payouts = [made(str(number), "300") for number in range(20)]
    with ThreadPoolExecutor(20) as callers:
        list(callers.map(lambda payout: held.add(payout, 0), payouts))
    assert sorted(payout.status for payout in payouts) == ["FAILED"] * 17 + ["SUCCESSFUL"] * 3
    assert held.balance("out") == Decimal(100)


def test_to_clear_forgets_payouts_and_restores_the_balance() -> None:
    held = wallet()
    held.add(made("out", "1"), 0)
    held.clear()
    assert (held.balance("out"), held.copy_of_payouts()) == (Decimal(1000), [])
