"""A merchant finds a payment by whatever a customer can tell of it, and each filter by an index."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.payments.test_paging import plan_of_a_late_page
from tests.payments.test_reading import listed
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.given import ended
from tests.support.merchants import Merchant
from tests.support.refusals import refusal, wrong_fields
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.transfers.queries import Filter
from zampay.transfers.states import State
from zampay.transfers.traces import MetadataEntry

pytestmark = pytest.mark.usefixtures("network")


def test_a_filter_that_is_given_twice_means_either(
    merchant: Merchant, task_queue: HeldQueue
) -> None:
    merchant.pay(externalId="a", msisdn="0963123451")
    task_queue.run_all()
    merchant.pay(externalId="b", msisdn="0963123452")
    merchant.pay(externalId="c", msisdn="0963123453")
    assert listed(merchant, status=["PENDING", "PROCESSING"]) == ["c", "b", "a"]
    assert listed(merchant, status=["PROCESSING", "PENDING", "PENDING"], limit=2) == ["c", "b"]
    assert listed(merchant, status=["PROCESSING", "FAILED"]) == ["a"]
    assert listed(merchant, externalId=["c", "a", "nothing"]) == ["c", "a"]
    assert listed(merchant, msisdn=["0963123451", "0963123453"], status="PENDING") == ["c"]
    assert listed(merchant, provider=["MTN", "OTHER"]) == ["c", "b", "a"]


def test_pages_of_several_statuses_neither_skip_nor_repeat(
    merchant: Merchant, task_queue: HeldQueue
) -> None:
    for name in ("a", "b", "c"):
        merchant.pay(externalId=name)
    task_queue.run_all()
    for name in ("d", "e"):
        merchant.pay(externalId=name)
    found: list[str] = []
    query: dict[str, Any] = {"status": ["PENDING", "PROCESSING"], "limit": 2}
    for _ in range(3):
        page = merchant.get("/payments", **query).json
        found += [one["externalId"] for one in page["data"]]
        query["after"] = page["nextCursor"]
    assert found == ["e", "d", "c", "b", "a"]


@pytest.mark.parametrize(
    "written", ["0963123451", "+260 (0) 96\u00a0312\u20113451", "00260963123451"]
)
def test_a_number_is_found_however_it_is_written(merchant: Merchant, written: str) -> None:
    merchant.pay(externalId="a", msisdn="0963123451")
    merchant.pay(externalId="b")
    assert listed(merchant, msisdn=written) == ["a"]


def test_the_reference_of_the_network_finds_its_payment(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    paid = ended(app, merchant, network, "SUCCESSFUL")
    merchant.pay()
    assert listed(merchant, providerTransactionId="1884710816") == [paid.external_id]
    assert listed(merchant, providerTransactionId="1884710817") == []


def test_metadata_finds_a_payment_by_every_entry_that_is_named(
    merchant: Merchant, rival: Merchant
) -> None:
    merchant.pay(externalId="a", metadata={"order": "1042", "till": "7"})
    merchant.pay(externalId="b", metadata={"order": "1043", "till": "7"})
    merchant.pay(externalId="c", metadata={"1042": "order", "a.b[c]": "\u00fc=&"})
    rival.pay(externalId="d", metadata={"order": "1042"})
    merchant.pay(externalId="e", live=False, metadata={"order": "1042"})
    assert listed(merchant, **{"metadata[order]": "1042"}) == ["a"]
    assert listed(merchant, **{"metadata[order]": ["1042", "1043"]}) == ["b", "a"]
    assert listed(merchant, **{"metadata[till]": "7", "metadata[order]": "1043"}) == ["b"]
    assert listed(merchant, **{"metadata[till]": "8"}) == []
    assert listed(merchant, **{"metadata[a.b[c]]": "\u00fc=&"}) == ["c"]


def test_the_database_computes_the_digest_that_the_program_looks_for(
    app: Flask, merchant: Merchant
) -> None:
    given = {"\u00fc": "\u4e2d \N{SNOWMAN}", "k": ""}
    merchant.pay(metadata=given)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        found = set(tx.session.scalars(sa.select(MetadataEntry.entry)))
    assert found == {
        MetadataEntry.digest("\u00fc", "\u4e2d \N{SNOWMAN}"),
        MetadataEntry.digest("k", ""),
    }


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"msisdn": "0211123456"}, "msisdn"),
    ({"msisdn": ["0963123451", "tel"]}, "msisdn"),
    ({"status": ["PENDING", "PAID"]}, "status"),
    ({"externalId": ["a", ""]}, "externalId"),
    ({"externalId": ["a"] * 21}, "externalId"),
    ({"providerTransactionId": ""}, "providerTransactionId"),
    ({"metadata": "order"}, "metadata"),
    ({"metadata[]": "x"}, "metadata"),
    ({"metadata[order": "x"}, "metadata[order"),
    ({"metadata[order]": "x" * 501}, "metadata"),
    ({"amount": "12.50"}, "amount"),
]


@pytest.mark.parametrize(("query", "field"), WRONG, ids=str)
def test_what_cannot_be_looked_for_is_named(
    merchant: Merchant, query: dict[str, Any], field: str
) -> None:
    body = refusal(merchant.get("/payments", **query), 422, "validation_failed")
    assert wrong_fields(body) == {field}


PLANS = [
    (Filter(states=[State.FAILED]), "ix_transfers_state"),
    (Filter(states=[State.PENDING, State.PROCESSING]), "ix_transfers_state"),
    (Filter(providers=["MTN"]), "ix_transfers_provider"),
    (Filter(msisdns=["260963123400"]), "ix_transfers_msisdn"),
    (Filter(metadata={"order": ["1042"]}), "pk_transfer_metadata"),
]


@pytest.mark.usefixtures("fresh_payments")
@pytest.mark.parametrize(("wanted", "index"), PLANS, ids=lambda one: str(one)[:40])
def test_each_filter_is_found_by_its_index(
    app: Flask, merchant: Merchant, wanted: Filter, index: str
) -> None:
    merchant.pay(metadata={"order": "1042"})
    statement, plan = plan_of_a_late_page(app, merchant, wanted)
    assert index in plan, plan
    assert "OFFSET" not in statement.upper()
