"""A network that is unlike MTN: what its profile and its adapter say is what the engine does."""

import json
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from tests.support.fakes import (
    HeldQueue,
    ScriptedNetwork,
    make_due,
    poll,
    result,
    stored,
    submit,
)
from tests.support.given import accept, processing
from tests.support.merchants import Merchant
from tests.support.rows import callbacks, due_after, history
from zampay.providers.contract import (
    Accepted,
    CallbackHint,
    CallbackRequest,
    InDoubt,
    Throttled,
    TooLate,
)
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers.dispatch import dispatcher
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction, State

WALLETS_TOKEN = "a-wallets-own-address"


class OneAddress(ScriptedNetwork):
    """One callback address for all payments: the body names the payment by the reference."""

    def read_callback(self, request: CallbackRequest) -> CallbackHint | None:
        if request.token != WALLETS_TOKEN:
            return None
        body = json.loads(request.read_body())
        proven = request.headers.get("x-signature") == "right"
        return CallbackHint(reference=body["id"], is_verified=proven)


def one_address(app: Flask) -> OneAddress:
    network = OneAddress()
    app.extensions["providers"][True]["MTN"] = network
    return network


def test_a_callback_that_names_the_reference_brings_the_poll_forward(
    app: Flask,
    client: FlaskClient,
    merchant: Merchant,
    task_queue: HeldQueue,
    network: ScriptedNetwork,
) -> None:
    transfer = processing(app, merchant, network)
    task_queue.lose_all()
    network = one_address(app)
    network.poll_answers = [result("SUCCESSFUL")]
    url = f"/api/v1/callbacks/mtn/{WALLETS_TOKEN}"
    body = {"id": transfer.provider_reference, "status": "TS"}
    assert client.put(url, json=body, headers={"X-Signature": "right"}).status_code == 200
    assert [one.verified for one in callbacks(app, transfer.id)] == [True]
    assert stored(app, transfer.id).state == State.PROCESSING
    task_queue.run_all()
    assert stored(app, transfer.id).state == State.SUCCESSFUL
    assert history(app, transfer.id)[-1].evidence == "callback"


def test_an_address_that_is_none_is_unknown_and_at_ours_nothing_is_said_of_a_reference(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    one_address(app)
    named = {"id": transfer.provider_reference}
    for token, body, status in (
        (transfer.callback_token, named, 404),
        (WALLETS_TOKEN, {"id": "nobody's"}, 200),
        (WALLETS_TOKEN, {"id": "x\x00y"}, 200),
        (WALLETS_TOKEN, {"id": None}, 200),
    ):
        assert client.put(f"/api/v1/callbacks/mtn/{token}", json=body).status_code == status
    assert callbacks(app, transfer.id) == []


def test_a_call_that_blocks_has_a_lease_that_is_longer_by_as_much(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    network.may(blocks_for=timedelta(minutes=2), can_poll=False)
    transfer = accept(app, merchant)
    leased = []

    def blocking(order: object) -> InDoubt:
        leased.append(due_after(app, transfer.id))
        return InDoubt("no answer")

    network.submit_answers = [blocking]
    submit(app, transfer)
    assert leased == [app.config["SUBMIT_LEASE"] + timedelta(minutes=2)]


def test_the_profile_says_when_to_poll(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    network.may(poll_schedule=tuple(timedelta(minutes=one) for one in (3, 4, 5)))
    transfer = accept(app, merchant)
    network.submit_answers = [Accepted("sent")]
    submit(app, transfer)
    assert due_after(app, transfer.id) == timedelta(minutes=3)
    network.poll_answers = [result("PENDING")] * 2
    for minutes in (4, 5):
        make_due(app, transfer.id)
        poll(app, transfer)
        least, most = (timedelta(minutes=minutes * by) for by in (0.8, 1.2))
        assert least <= (due_after(app, transfer.id) or least) <= most


def test_a_send_that_is_too_late_or_too_much_was_not_made(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    for answer in (TooLate(), Throttled("429", retry_after_s=30)):
        transfer = accept(app, merchant)
        network.submit_answers = [answer]
        submit(app, transfer)
        found = stored(app, transfer.id)
        assert (found.state, found.in_doubt) == (State.PENDING, False)
    assert timedelta(seconds=29) < due_after(app, transfer.id) <= timedelta(seconds=31)


def slots(app: Flask, action: NextAction, wallet_id: str = DEPLOYMENT) -> int:
    """How many calls of this kind the process may have under way for a wallet."""
    with app.app_context():
        return dispatcher().calls(Stream(action, "MTN", wallet_id, livemode=True)).slots.free


def test_a_network_that_wants_few_calls_gets_no_more(app: Flask, network: ScriptedNetwork) -> None:
    network.may(max_in_flight=3)
    assert [slots(app, action) for action in NextAction] == [3, 3]


def test_a_network_whose_sends_block_may_have_more_of_them_and_no_more_polls(
    app: Flask, network: ScriptedNetwork
) -> None:
    usual = slots(app, NextAction.POLL, "usual")
    network.may(max_in_flight=500, blocks_for=timedelta(minutes=2))
    assert [slots(app, action) for action in NextAction] == [500, usual]
