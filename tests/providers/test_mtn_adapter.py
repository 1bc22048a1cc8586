"""Our MTN adapter against the network's simulator: what is sent, and what answers mean."""

import json
import uuid
from dataclasses import replace

import pytest

from tests.infra.sockets import answers, serving
from tests.support.networks import Mtn, an_order, until
from zampay.kernel import sandbox_numbers
from zampay.kernel.money import Money
from zampay.providers.contract import (
    Accepted,
    AccountName,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    ProviderResult,
    ResultStatus,
    Throttled,
)
from zampay.providers.mtn import adapter as mtn_adapter
from zampay.providers.profile import Kind

PAY = "requesttopay"


def test_a_request_to_pay_is_as_the_network_wants_it(mtn: Mtn) -> None:
    mtn.adapter().submit(an_order(mtn.provider))
    with serving(answers(b"", "202 Accepted")) as server:
        base = "https://gateway.example"
        adapter = mtn.adapter(base_url=server.url, callback_base_url=base)
        order = an_order(adapter, money=Money(10_000, "ZMW"), payer_message="", payee_note="a'b\n")
        assert isinstance(adapter.submit(order), Accepted)
        head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /collection/v1_0/requesttopay ")
    assert f"X-Reference-Id: {order.reference}" in head
    assert f"X-Callback-Url: {base}/api/v1/callbacks/mtn/{order.callback_token}" in head
    assert f"X-Target-Environment: {mtn.simulated.environment}" in head
    assert json.loads(body) == {
        "amount": "100",
        "currency": "ZMW",
        "externalId": order.transfer_id,
        "payer": {"partyIdType": "MSISDN", "partyId": order.msisdn},
        "payerMessage": "Payment",
        "payeeNote": "a b",
    }


def test_without_an_address_for_callbacks_the_header_is_absent(mtn: Mtn) -> None:
    mtn.adapter().submit(an_order(mtn.provider))
    with serving(answers(b"", "202 Accepted")) as server:
        mtn.adapter(base_url=server.url).submit(an_order(mtn.provider))
        assert b"x-callback-url" not in server.requests[0].lower()


@pytest.mark.parametrize(
    "note", ["", "   ", "'''", "\u2026", "Ünïcödé", "x" * 500, "a\nb", "Order #1: 'mugs' & more"]
)
def test_any_note_that_a_merchant_may_write_is_taken_by_the_network(mtn: Mtn, note: str) -> None:
    order = an_order(mtn.provider, payer_message=note, payee_note=note)
    assert isinstance(mtn.provider.submit(order), Accepted)


def test_references_are_uuids_of_version_4(mtn: Mtn) -> None:
    assert uuid.UUID(mtn.provider.new_reference(Kind.PAYMENT)).version == 4


@pytest.mark.parametrize("fault", ["reset_after", "error_after", "garbage", "hang"])
def test_a_charge_whose_answer_was_lost_is_in_doubt_and_found_by_a_poll(
    mtn: Mtn, fault: str
) -> None:
    mtn.faults({"operation": PAY, "kind": fault, "when": "after", "seconds": 1.0, "times": 1})
    order, hasty = an_order(mtn.provider), mtn.adapter(read_timeout_s=0.5)
    assert isinstance(hasty.submit(order), InDoubt | Accepted)
    found = until(lambda one: getattr(one, "status", None) == "SUCCESSFUL", mtn.provider, order)
    assert isinstance(found, ProviderResult)
    assert isinstance(mtn.provider.submit(order), Accepted)
    assert mtn.charges(order) == 1


def test_a_request_that_was_lost_is_in_doubt_and_unknown(mtn: Mtn) -> None:
    mtn.faults({"operation": PAY, "kind": "reset_before", "times": 1})
    order = an_order(mtn.provider)
    assert isinstance(mtn.provider.submit(order), InDoubt)
    assert isinstance(mtn.provider.poll(order), NotFound)
    assert isinstance(mtn.provider.submit(order), Accepted)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 429}, Throttled),
        ({"kind": "status", "status": 503}, InDoubt),
        ({"kind": "status", "status": 500}, InDoubt),
        ({"kind": "status", "status": 400}, Declined),
    ],
    ids=str,
)
def test_statuses_mean_for_a_request(mtn: Mtn, fault: dict[str, object], kind: type) -> None:
    mtn.faults({"operation": PAY, **fault})
    order = an_order(mtn.provider)
    assert type(mtn.provider.submit(order)) is kind
    assert mtn.charges(order) == 0


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429},
        {"kind": "garbage"},
        {"kind": "garbage", "body": "<html>busy</html>"},
        {"kind": "reset_before"},
        {"kind": "hang", "seconds": 1.0},
    ],
    ids=str,
)
def test_a_poll_that_fails_says_nothing_of_the_payment(mtn: Mtn, fault: dict[str, object]) -> None:
    order = an_order(mtn.provider)
    mtn.provider.submit(order)
    mtn.faults({"operation": "poll", **fault})
    assert isinstance(mtn.adapter(read_timeout_s=0.5).poll(order), NoAnswer)


def test_a_status_that_nobody_documented_is_pending(mtn: Mtn) -> None:
    order = an_order(mtn.provider, "260963123454")
    mtn.provider.submit(order)
    found = mtn.provider.poll(order)
    assert isinstance(found, ProviderResult)
    assert (found.status, found.provider_status) == (ResultStatus.PENDING, "CREATED")


def test_polls_keep_the_pace_of_the_subscription(mtn: Mtn) -> None:
    slow = mtn.adapter(polls_per_s=0.2)
    order = an_order(slow)
    slow.submit(order)
    assert isinstance(slow.poll(order), ProviderResult)
    refused = [slow.poll(order), mtn.adapter(polls_per_s=0.2).poll(order)]
    assert all(isinstance(one, Throttled) and (one.retry_after_s or 0) > 1 for one in refused)
    assert mtn.requests("poll") == 1


def test_account_holder_and_balance_are_read_or_unknown(mtn: Mtn) -> None:
    adapter = mtn.adapter()
    assert adapter.account_name("260963123400") == AccountName(None, is_active=True)
    assert adapter.account_name("260963123451") == AccountName(None, is_active=False)
    assert adapter.account_name("260963123450") is None
    assert adapter.account_name("260963123455") is None
    balance = adapter.balance(Kind.PAYMENT)
    assert balance is not None
    assert (float(balance.amount) > 0, balance.currency) == (True, "ZMW")
    mtn.faults({"operation": "*", "kind": "garbage"})
    assert adapter.account_name("260963123400") is None
    assert adapter.balance(Kind.PAYMENT) is None


@pytest.mark.parametrize(("body", "expected"), [(b"true", True), (b"false", False), (b"1", None)])
def test_a_bare_boolean_is_an_answer_too(mtn: Mtn, body: bytes, expected: object) -> None:
    mtn.adapter().submit(an_order(mtn.provider))
    with serving(answers(body)) as server:
        found = mtn.adapter(base_url=server.url).account_name("260963123400")
        assert (found.is_active if found else None) is expected


def test_published_numbers_and_euros_are_taken_in_the_sandbox_only(mtn: Mtn) -> None:
    sandbox = mtn.adapter(target_environment="sandbox").profile
    zambia = mtn.adapter().profile
    published = f"{sandbox_numbers.PUBLISHED_PREFIX}50"
    assert sandbox.takes_msisdn(published)
    assert not zambia.takes_msisdn(published)
    assert sandbox.currencies == {"EUR", "ZMW"}
    assert zambia.currencies == {"ZMW"}
    assert replace(mtn_adapter.profile(None), account=zambia.account) == zambia
    taken = [zambia.takes_msisdn(f"260{prefix}3123400") for prefix in ("96", "76", "56", "97")]
    assert taken == [True, True, True, False]


def test_each_account_and_environment_has_a_name_of_its_own_that_is_no_credential(
    mtn: Mtn,
) -> None:
    user = str(uuid.uuid4())
    settings = [
        mtn.adapter()._settings,
        mtn.adapter(api_key="0" * 32)._settings,
        mtn.adapter(api_user=user)._settings,
        mtn.adapter(target_environment="mtnuganda")._settings,
    ]
    names = [mtn_adapter.profile(one).account for one in settings]
    assert names[0] == names[1], "a new key of the same account"
    assert len(set(names)) == 3
    assert user not in "".join(names)
