"""Whatever text a network sends along, its answer settles the payment: odd characters are replaced,
long texts are cut, and neither stops a commit.
"""

import json
import secrets
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork, make_due, poll, stored, submit
from tests.support.given import accept, look, processing
from tests.support.merchants import BASE, Merchant
from tests.support.rows import callbacks, discrepancies, events, history, seconds_until_due
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    NotSent,
    Order,
    PollAnswer,
    ProviderResult,
    ResultStatus,
)
from zampay.providers.failures import LONGEST_TEXT, Failure, FailureCode
from zampay.providers.mtn import bodies
from zampay.transfers.models import Transfer

ODD, KEPT = "12\x003\ud800", "12\ufffd3\ufffd"
LONG = "".join(chr(0x10000 + secrets.randbelow(0x40000)) for _ in range(20_000))
TEXTS = pytest.mark.parametrize("text", [ODD, LONG], ids=["odd", "long"])


def answered(body: dict[str, Any]) -> Any:
    """A script line: MTN's body, read as its adapter reads it."""

    def answer(order: Order) -> PollAnswer:
        full = {"amount": "12.5", "currency": "ZMW", "externalId": order.transfer_id, **body}
        return bodies.result(json.dumps(full)) or NoAnswer("no report")

    return answer


def test_a_transaction_id_with_nul_does_not_keep_a_payment_open(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = processing(app, merchant, network)
    says = {"status": "SUCCESSFUL", "financialTransactionId": ODD}
    network.poll_answers += [answered(says), answered(says)]
    look(app, transfer)
    found = stored(app, transfer.id)
    assert (found.state, found.provider_transaction_id) == ("SUCCESSFUL", KEPT)
    assert merchant.get(f"/payments/{transfer.id}").json["providerTransactionId"] == KEPT
    assert events(app, transfer.id)[-1].data["providerTransactionId"] == KEPT
    make_due(app, transfer.id)
    poll(app, transfer)
    assert discrepancies(app, transfer.id) == []


@TEXTS
@pytest.mark.parametrize(
    "says",
    [
        lambda text: {"status": "FAILED", "reason": text},
        lambda text: {"status": "FAILED", "reason": {"code": text}},
        lambda text: {"status": text},
        lambda text: {"status": "SUCCESSFUL", "amount": text},
        lambda text: {"status": "SUCCESSFUL", "currency": text},
        lambda text: {"status": "SUCCESSFUL", "externalId": text},
    ],
)
def test_every_other_member_of_a_report_is_kept_too(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, says: Any, text: str
) -> None:
    transfer = processing(app, merchant, network)
    body = says(text)
    network.poll_answers += [answered(body), answered(body)]
    look(app, transfer)
    expected = {"FAILED": "FAILED", "SUCCESSFUL": "IN_REVIEW"}.get(body["status"], "PROCESSING")
    assert stored(app, transfer.id).state == expected
    look(app, transfer)
    assert len(discrepancies(app, transfer.id)) == (expected == "IN_REVIEW")


@TEXTS
def test_a_discrepancy_of_long_figures_is_kept_once(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, text: str
) -> None:
    transfer = processing(app, merchant, network)
    result = ProviderResult(ResultStatus.SUCCESSFUL, text, text, text, text, text)
    network.poll_answers += [result, result]
    look(app, transfer)
    look(app, transfer)
    assert stored(app, transfer.id).state == "IN_REVIEW"
    assert len(discrepancies(app, transfer.id)) == 1


@TEXTS
@pytest.mark.parametrize(
    ("says", "state"),
    [
        (Accepted, "PROCESSING"),
        (lambda text: Declined(Failure(FailureCode.UNSPECIFIED, text, text)), "FAILED"),
        (
            lambda text: InDoubt(text, Failure(FailureCode.UNSPECIFIED, text, text)),
            "UNCONFIRMED",
        ),
        (NotSent, "PENDING"),
    ],
)
def test_every_answer_to_a_send_is_kept(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, says: Any, state: str, text: str
) -> None:
    transfer = accept(app, merchant)
    network.submit_answers.append(says(text))
    submit(app, transfer)
    assert stored(app, transfer.id).state == state
    assert all("\x00" not in move.detail for move in history(app, transfer.id))


@TEXTS
@pytest.mark.parametrize("says", [NotFound, NoAnswer, NotSent])
def test_every_other_answer_to_a_poll_is_kept(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, says: Any, text: str
) -> None:
    transfer = processing(app, merchant, network)
    network.poll_answers.append(says(text))
    look(app, transfer)
    assert len(network.polls) == 1
    assert (seconds_until_due(app, transfer.id) or 0) > 0


def test_a_callback_from_an_address_that_is_none_is_kept(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer: Transfer = processing(app, merchant, network)
    answer = merchant.client.put(
        f"{BASE}/callbacks/mtn/{transfer.callback_token}",
        data=b"\x00\xff",
        environ_overrides={"REMOTE_ADDR": ODD},
    )
    assert answer.status_code == 200
    (kept,) = callbacks(app, transfer.id)
    assert (kept.body, kept.address) == (b"\x00\xff", None)


def test_what_is_said_is_bounded() -> None:
    assert NoAnswer(LONG).detail == LONG[:LONGEST_TEXT]
    assert NoAnswer(ODD).detail == KEPT
    assert Failure(FailureCode.UNSPECIFIED, "no", ODD).provider_code == KEPT
