"""How much of what a network calls is kept: so many bodies, each whole or not at all."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.engine import Engine
from tests.support.fakes import ScriptedNetwork
from tests.support.given import ending, processing
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from tests.support.rows import callbacks, path
from zampay.infra.web.request_limits import MAX_BODY_BYTES, UNREAD
from zampay.transfers.callbacks import MOST_KEPT
from zampay.transfers.models import Transfer
from zampay.transfers.states import State


def address(transfer: Transfer) -> str:
    return f"{BASE}/callbacks/mtn/{transfer.callback_token}"


def test_a_flood_of_different_bodies_is_bounded(engine: Engine) -> None:
    transfer = engine.given(processing)
    for number in range(MOST_KEPT + 5):
        body = str(number).encode()
        assert engine.app.test_client().put(address(transfer), data=body).status_code == 200
    assert len(callbacks(engine.app, transfer.id)) == MOST_KEPT


def test_twenty_different_bodies_at_once_do_not_deadlock(
    engine: Engine,
) -> None:
    transfer = engine.given(processing)
    engine.network.poll_answers = [ending("SUCCESSFUL")] * 20

    def call(number: int) -> int:
        body = str(number).encode()
        status = engine.app.test_client().put(address(transfer), data=body).status_code
        engine.poll(transfer)
        return status

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(call, range(20))) == [200] * 20
    engine.queue.run_all()
    assert path(engine.app, transfer.id)[-2:] == ["PROCESSING", "SUCCESSFUL"]
    assert [
        found for found in callbacks(engine.app, transfer.id) if found.processed_at is None
    ] == []


def test_a_body_over_64_kib_in_chunks_is_not_kept_cut(
    app: Flask, client: FlaskClient, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    answer = client.put(
        address(transfer),
        input_stream=io.BytesIO(b"x" * (MAX_BODY_BYTES + 1)),
        environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    )
    refusal(answer, 413, "body_too_large")
    assert callbacks(app, transfer.id) == []


@pytest.mark.parametrize(("status", "code"), [(413, "body_too_large"), (408, "request_timeout")])
def test_a_callback_whose_body_is_not_read_is_refused_and_polled_for(
    engine: Engine, status: int, code: str
) -> None:
    transfer = engine.given(processing)
    engine.queue.lose_all()
    answer = engine.app.test_client().put(address(transfer), environ_overrides={UNREAD: status})
    refusal(answer, status, code)
    assert engine.queue.tasks == ["transfers.poll"]
    assert engine.stored(transfer).called_back_at is not None
    engine.network.poll_answers = [ending("SUCCESSFUL")]
    engine.queue.run_all()
    assert engine.stored(transfer).state == State.SUCCESSFUL
