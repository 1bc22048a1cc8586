"""Merchants' wallets in the engine: each transfer is sent and asked about with its own wallet."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, poll, stored, submit
from tests.support.given import accept, ending
from tests.support.merchants import Merchant
from tests.support.round_trips import round_trips
from tests.support.wallets import an_active_wallet, credentials, scripts
from zampay.infra.database.db import transaction
from zampay.kernel import clock
from zampay.providers.contract import NotSent
from zampay.providers.failures import Failure, FailureCode
from zampay.transfers import due
from zampay.transfers import submit as sending
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction, State
from zampay.wallets import adapters
from zampay.wallets.models import Wallet

SET_UP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "HTTP_401")
REFUSED = NotSent("credentials refused", refused=SET_UP)
LaterBy = Callable[[float], None]


@pytest.fixture
def later_by(monkeypatch: pytest.MonkeyPatch) -> LaterBy:
    """Let seconds of this process pass."""
    passed = [0.0]
    now = clock.monotonic_s
    monkeypatch.setattr(clock, "monotonic_s", lambda: now() + passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait


def test_each_payment_is_sent_and_asked_about_with_its_own_wallets_credentials(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    first, second = credentials(), credentials()
    shared = accept(app, merchant)
    an_active_wallet(merchant, given=first)
    an_active_wallet(rival, given=second)
    own, other = accept(app, merchant), accept(app, rival)
    scripted = {
        shared.id: network,
        own.id: scripts(app).of(first["apiUser"]),
        other.id: scripts(app).of(second["apiUser"]),
    }
    for transfer in (shared, own, other):
        scripted[transfer.id].poll_answers.append(ending("SUCCESSFUL"))
        submit(app, transfer)
        make_due(app, transfer.id)
        poll(app, transfer)
        assert stored(app, transfer.id).state == State.SUCCESSFUL
    for transfer_id, script in scripted.items():
        assert [one.transfer_id for one in script.submissions] == [transfer_id]
        assert [one.transfer_id for one in script.polls] == [transfer_id]


def test_refused_credentials_stop_that_wallets_payments_alone(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    bad = credentials()
    an_active_wallet(merchant, given=bad)
    scripts(app).of(bad["apiUser"]).submit_answers = [REFUSED, REFUSED]
    stopped, other = accept(app, merchant), accept(app, rival)
    for transfer in (stopped, other):
        submit(app, transfer)
    assert stored(app, stopped.id).state == State.PENDING
    assert stored(app, other.id).state == State.PROCESSING
    app.config["SUBMIT_WINDOW"] = timedelta(0)
    make_due(app, stopped.id)
    submit(app, stopped)
    failed = stored(app, stopped.id)
    assert failed.failure is not None
    assert (failed.state, failed.failure["code"]) == (State.FAILED, "provider_rejected")


def test_each_wallet_is_a_stream_of_its_own(
    app: Flask, merchant: Merchant, rival: Merchant, network: ScriptedNetwork
) -> None:
    own = an_active_wallet(merchant)
    accept(app, merchant)
    accept(app, rival)
    with app.app_context(), transaction("") as tx:
        found = due.streams(tx)
    assert found == [
        Stream(NextAction.SUBMIT, "MTN", "deployment", livemode=True),
        Stream(NextAction.SUBMIT, "MTN", own["id"], livemode=True),
    ]
    dispatcher = app.extensions["dispatcher"]
    with app.app_context():
        assert dispatcher.calls(found[0]).slots is not dispatcher.calls(found[1]).slots


def test_what_is_under_way_uses_replaced_credentials_a_second_later(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, later_by: LaterBy
) -> None:
    old, new = credentials(), credentials()
    own = an_active_wallet(merchant, given=old)
    scripts(app).of(old["apiUser"]).submit_answers = [REFUSED]
    transfer = accept(app, merchant)
    submit(app, transfer)
    merchant.put(f"/wallets/{own['id']}/credentials", {"credentials": new})
    later_by(adapters.KNOWN_S)
    make_due(app, transfer.id)
    submit(app, transfer)
    assert stored(app, transfer.id).state == State.PROCESSING
    assert len(scripts(app).of(new["apiUser"]).submissions) == 1


def test_what_is_under_way_keeps_a_wallet_that_is_disabled(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    given = credentials()
    own = an_active_wallet(merchant, given=given)
    transfer = accept(app, merchant)
    merchant.post(f"/wallets/{own['id']}/disable")
    submit(app, transfer)
    scripts(app).of(given["apiUser"]).poll_answers.append(ending("SUCCESSFUL"))
    make_due(app, transfer.id)
    poll(app, transfer)
    assert stored(app, transfer.id).state == State.SUCCESSFUL
    assert network.submissions == []


def test_a_wallet_is_looked_up_once_a_second_and_never_for_another_tenant(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    later_by: LaterBy,
) -> None:
    own = an_active_wallet(merchant)

    def found(whose: Merchant) -> tuple[bool, int]:
        with app.app_context(), transaction(whose.tenant_id) as tx, round_trips() as made:
            provider = adapters.provider_of(tx, "MTN", own["id"], livemode=True)
        return provider is not None, made.count

    assert [found(merchant), found(merchant)] == [(True, 1), (True, 0)]
    assert found(rival) == (False, 1)
    later_by(adapters.KNOWN_S)
    assert found(merchant) == (True, 1)


def test_a_send_with_a_known_wallet_costs_no_more_than_one_with_the_deployments(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    def cost() -> int:
        transfer = accept(app, merchant)
        with app.app_context(), round_trips() as made:
            sending.submit(tenant_id=transfer.tenant_id, transfer_id=transfer.id)
        return made.count

    cost()
    shared = cost()
    an_active_wallet(merchant)
    cost()
    assert cost() == shared


def test_without_a_key_for_its_credentials_a_payment_waits(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, later_by: LaterBy
) -> None:
    given = credentials()
    an_active_wallet(merchant, given=given)
    transfer = accept(app, merchant)
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        tx.session.execute(sa.update(Wallet).values(encrypted_credentials="lost"))
    submit(app, transfer)
    after = stored(app, transfer.id)
    assert (after.state, after.submissions) == (State.PENDING, 0)
    assert network.submissions == []


def test_only_so_many_adapters_are_kept(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "MOST_KEPT", 2)
    made = [an_active_wallet(merchant) for _ in range(4)]
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        for one in made:
            assert adapters.provider_of(tx, "MTN", one["id"], livemode=True) is not None
    assert len(app.extensions["known_wallets"].kept) == 2
