"""Merchants are told of a network's trouble and of its end, once each, whoever dies."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.given import accept
from tests.support.merchants import Merchant
from tests.support.troubles import AWAY, fails, tend, told, troubles, watch
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.networks import telling
from zampay.transfers.concurrency import TROUBLE_AFTER
from zampay.transfers.network_states import Trouble


def test_each_merchant_concerned_is_told_of_each_change_once(
    app: Flask, merchant: Merchant, rival: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    accept(app, rival, live=False)
    fails(app, merchant, task_queue, network, AWAY)
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.update(Trouble).values(ended_at=sa.func.now(), ending="over"))
        rows = tx.session.execute(telling.TROUBLES_UNTOLD.rows()).all()
    assert [row.told for row in rows] == [1]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: tend(app), range(4)))
    first, second = told(merchant)
    assert (first["type"], second["type"]) == ("network.degraded", "network.recovered")
    assert first["livemode"]
    assert first["data"]["provider"] == "MTN"
    assert (first["data"]["state"], second["data"]["state"]) == ("DOWN", "OPERATIONAL")
    assert (first["data"]["walletId"], second["data"]["reason"]) == (None, "over")
    assert told(rival) == [], "only test payments"
    with app.app_context():
        telling._tell(rows[0], telling.BEGIN)
        telling._tell(rows[0], telling.END)
    assert len(told(merchant)) == 2


def test_a_worker_that_dies_while_it_tells_leaves_the_rest_to_the_next(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in (merchant, rival):
        accept(app, one)
    watch(app, merchant)(*[AWAY] * TROUBLE_AFTER)
    told_one = telling._tell_one

    def dies_after_the_first(*args: Any) -> None:
        told_one(*args)
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(telling, "_tell_one", dies_after_the_first)
        with pytest.raises(SystemExit):
            tend(app)
    assert len(told(merchant)) + len(told(rival)) == 1
    tend(app)
    assert (len(told(merchant)), len(told(rival))) == (1, 1)
    assert troubles(app)[0].told == 1
