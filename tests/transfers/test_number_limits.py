"""One number is asked only so often, by one merchant and by all together: each live payment is a
prompt on somebody's phone.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.counts import growth
from tests.support.merchants import Answer, Merchant, payment_request
from tests.support.refusals import refusal
from tests.support.tables import row_counts
from zampay.infra.database.db import EVERY_TENANT, transaction

pytestmark = pytest.mark.usefixtures("network")
OTHER_NUMBER = "260963123401"


@pytest.fixture(autouse=True)
def generous(app: Flask) -> None:
    """No limit but those that a test sets."""
    limit(app, max_open=1000, max_per_minute=1000, max_per_hour=1000)


def limit(app: Flask, **limits: int) -> None:
    app.config.update({f"NUMBER_{name.upper()}": value for name, value in limits.items()})


def end(merchant: Merchant, answer: Answer) -> None:
    """Nobody is asked any more: the payment is cancelled."""
    assert merchant.post(f"/payments/{answer.json['id']}/cancel").status_code == 200


def make_older(app: Flask, interval: str) -> None:
    """Let every payment be older. What was accepted never changes, so the guard is put aside."""
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text("ALTER TABLE transfers DISABLE TRIGGER USER"))
        older = "UPDATE transfers SET created_at = created_at - CAST(:interval AS interval)"
        tx.session.execute(sa.text(older), {"interval": interval})
        tx.session.execute(sa.text("ALTER TABLE transfers ENABLE TRIGGER USER"))


def test_one_merchant_has_half_of_the_open_prompts(app: Flask, merchant: Merchant) -> None:
    limit(app, max_open=4)
    first = payment_request()
    made = [merchant.post("/payments", first), merchant.pay()]
    assert [answer.status_code for answer in made] == [202, 202]
    before = row_counts(app)
    with growth("zampay_number_limited_total", 1):
        answer = merchant.pay()
    refusal(answer, 429, "too_many_for_number")
    assert answer.headers["Retry-After"] == "60"
    assert row_counts(app) == before
    assert merchant.pay(msisdn=OTHER_NUMBER).status_code == 202
    replay = merchant.post("/payments", first)
    assert (replay.status_code, replay.json["id"]) == (200, made[0].json["id"])
    end(merchant, made[1])
    assert merchant.pay().status_code == 202


def test_all_merchants_together_have_a_limit_and_none_hears_of_the_others(
    app: Flask, merchant: Merchant, rival: Merchant, client: Any
) -> None:
    limit(app, max_open=4)
    for asking in (merchant, rival, merchant, rival):
        assert asking.pay().status_code == 202
    third = Merchant.register(client, "Third Stores")
    of_others = refusal(third.pay(), 429, "too_many_for_number")
    of_own = refusal(merchant.pay(), 429, "too_many_for_number")
    assert of_others | {"requestId": ""} == of_own | {"requestId": ""}


@pytest.mark.parametrize(
    ("name", "soon", "later"),
    [("max_per_minute", "50 seconds", "11 seconds"), ("max_per_hour", "59 minutes", "61 seconds")],
)
def test_a_number_is_asked_so_often_in_a_while(
    app: Flask, merchant: Merchant, rival: Merchant, name: str, soon: str, later: str
) -> None:
    limit(app, **{name: 4})
    for _ in range(2):
        end(merchant, merchant.pay())
    refusal(merchant.pay(), 429, "too_many_for_number")
    for _ in range(2):
        end(rival, rival.pay())
    make_older(app, soon)
    refusal(merchant.pay(), 429, "too_many_for_number")
    make_older(app, later)
    assert merchant.pay().status_code == 202


def test_a_test_key_prompts_nobody_and_has_no_such_limit(app: Flask, merchant: Merchant) -> None:
    limit(app, max_open=1, max_per_minute=1, max_per_hour=1)
    assert {merchant.pay(live=False).status_code for _ in range(3)} == {202}
    assert merchant.pay().status_code == 202


def test_of_many_at_once_just_so_many_are_accepted(app: Flask, merchant: Merchant) -> None:
    limit(app, max_open=4)

    def ask(_: int) -> int:
        own = Merchant(app.test_client(), merchant.tenant_id, "", merchant.live_key)
        return own.pay().status_code

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(ask, range(8)))
    assert answers == [202] * 2 + [429] * 6
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        assert tx.session.scalar(sa.text("SELECT count(*) FROM transfers")) == 2


def test_the_transaction_still_names_its_tenant_alone(
    app: Flask, merchant: Merchant, rival: Merchant
) -> None:
    rival.pay()
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        asked = "SELECT number_has_room('260963123400', 1, 1, 1)"
        assert tx.session.scalar(sa.text(asked)) is True
        assert tx.session.scalar(sa.text("SELECT count(*) FROM transfers")) == 0
