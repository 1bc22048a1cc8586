"""How often each step of a payment waits for PostgreSQL (architecture: a budget for every step)."""

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due
from tests.support.given import accept, ending
from tests.support.merchants import BASE, Merchant
from tests.support.round_trips import round_trips
from zampay.providers.contract import Accepted
from zampay.transfers import poll, submit
from zampay.transfers.models import Transfer

BEGIN = READ = WRITE = PUBLISH = CALLBACKS = COMMIT = 1


@pytest.fixture
def sent(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """A payment that was sent; each connection has been used before."""
    for transfer in (accept(app, merchant, externalId=name) for name in ("first", "second")):
        network.submit_answers.append(Accepted("202"))
        with app.app_context():
            submit.submit(tenant_id=transfer.tenant_id, transfer_id=transfer.id)
    return transfer


def test_a_submit(app: Flask, merchant: Merchant, network: ScriptedNetwork, sent: Transfer) -> None:
    transfer = accept(app, merchant, externalId="third")
    network.submit_answers.append(Accepted("202"))
    with app.app_context(), round_trips() as made:
        submit.submit(tenant_id=transfer.tenant_id, transfer_id=transfer.id)
    lease, record = BEGIN + READ + WRITE + COMMIT, BEGIN + READ + WRITE + PUBLISH + COMMIT
    assert made.count <= lease + record


@pytest.mark.parametrize("callbacks", [0, 1])
def test_a_poll(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, sent: Transfer, callbacks: int
) -> None:
    if callbacks:
        token = sent.callback_token
        assert merchant.client.put(f"{BASE}/callbacks/mtn/{token}", data=b"{}").status_code == 200
    make_due(app, sent.id)
    network.poll_answers.append(ending("SUCCESSFUL"))
    with app.app_context(), round_trips() as made:
        poll.poll(tenant_id=sent.tenant_id, transfer_id=sent.id)
    lease, record = BEGIN + READ + WRITE + COMMIT, BEGIN + READ + WRITE + PUBLISH + COMMIT
    assert made.count <= lease + record + (1 + callbacks) * CALLBACKS


def test_a_callback(app: Flask, merchant: Merchant, sent: Transfer) -> None:
    def call_back(body: bytes) -> int:
        address = f"{BASE}/callbacks/mtn/{sent.callback_token}"
        with round_trips() as made:
            assert merchant.client.put(address, data=body).status_code == 200
        return made.count

    call_back(b"{}")
    find = BEGIN + READ + COMMIT
    assert call_back(b'{"another": 1}') <= find + BEGIN + READ + CALLBACKS + WRITE + COMMIT
    assert call_back(b"{}") <= find + BEGIN + READ + CALLBACKS + COMMIT
