"""A network with one callback address for each wallet: an address names its wallet's transfers."""

import pytest
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork, stored, submit
from tests.support.given import accept
from tests.support.merchants import BASE, Merchant
from tests.support.rows import callbacks
from tests.support.wallets import an_active_wallet, scripts
from zampay.providers.contract import CallbackHint, CallbackRequest
from zampay.providers.credentials import MerchantWallets
from zampay.transfers.models import Transfer


@pytest.fixture(autouse=True)
def one_address(app: Flask, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network calls one address for each wallet; the body is the reference."""
    monkeypatch.setattr(MerchantWallets, "has_callback_address", True)

    def named(self: ScriptedNetwork, request: CallbackRequest) -> CallbackHint | None:
        if self is network and request.token != "d" * 40:
            return None
        return CallbackHint(reference=request.read_body().decode(), is_verified=True)

    monkeypatch.setattr(ScriptedNetwork, "read_callback", named)


def sent(app: Flask, merchant: Merchant, queue: HeldQueue) -> Transfer:
    """A payment that its wallet's network has, and nothing in the queue."""
    transfer = accept(app, merchant)
    submit(app, transfer)
    queue.lose_all()
    return stored(app, transfer.id)


def called(merchant: Merchant, path: str, transfer: Transfer) -> int:
    body = transfer.provider_reference.encode()
    return merchant.client.post(path, data=body).status_code


def test_a_wallets_own_address_is_shown_and_leads_to_a_poll(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    own = an_active_wallet(merchant)
    shown = merchant.get(f"/wallets/{own['id']}").json["callbackPath"]
    assert shown.startswith(f"{BASE}/callbacks/mtn/")
    transfer = sent(app, merchant, task_queue)
    assert called(merchant, shown, transfer) == 200
    assert task_queue.tasks == ["transfers.poll"]
    assert [one.verified for one in callbacks(app, transfer.id)] == [True]
    merchant.post(f"/wallets/{own['id']}/disable")
    assert called(merchant, shown, transfer) == 200


def test_an_address_names_the_transfers_of_its_own_wallet_alone(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue
) -> None:
    shared = sent(app, merchant, task_queue)
    own, other = an_active_wallet(merchant), an_active_wallet(rival)
    mine, theirs = sent(app, merchant, task_queue), sent(app, rival, task_queue)
    deployments = f"{BASE}/callbacks/mtn/{'d' * 40}"
    for path, wrong in (
        (own["callbackPath"], (theirs, shared)),
        (other["callbackPath"], (mine, shared)),
        (deployments, (mine, theirs)),
    ):
        for transfer in wrong:
            assert called(merchant, path, transfer) == 200
    assert not any(callbacks(app, one.id) for one in (shared, mine, theirs))
    assert task_queue.tasks == []
    for path, right in ((own["callbackPath"], mine), (deployments, shared)):
        assert called(merchant, path, right) == 200
    assert [len(callbacks(app, one.id)) for one in (shared, mine, theirs)] == [1, 1, 0]


@pytest.mark.parametrize("end", ["0" * 40, "short", "{half}0000000000000000000z"])
def test_a_token_that_was_never_made_is_unknown(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, end: str
) -> None:
    own = an_active_wallet(merchant)
    transfer = sent(app, merchant, task_queue)
    token = own["callbackPath"].rpartition("/")[2]
    path = f"{BASE}/callbacks/mtn/{end.format(half=token[:20])}"
    assert called(merchant, path, transfer) == 404


def test_the_token_belongs_to_one_network(
    app: Flask, merchant: Merchant, task_queue: HeldQueue
) -> None:
    own = an_active_wallet(merchant)
    transfer = sent(app, merchant, task_queue)
    elsewhere = own["callbackPath"].replace("/mtn/", "/airtel/")
    assert called(merchant, elsewhere, transfer) == 404
    assert len(scripts(app).by_user) == 1
