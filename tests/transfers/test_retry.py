"""`retry` promises safety only for an ending that is not in question any more: in the payment, in
the list, in the event and in the explanation alike.
"""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.engine import PAID, Engine
from tests.support.fakes import ScriptedNetwork, result, stored, submit
from tests.support.given import (
    LONG,
    UNKNOWN,
    accept,
    ended,
    ending,
    in_state,
    look,
    never_landed,
    processing,
    unconfirmed,
)
from tests.support.in_review import in_review
from tests.support.merchants import Merchant
from tests.support.rows import events, seconds_until_due
from zampay.providers.contract import Accepted, NoAnswer, Order, Submission
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.mtn import mapping
from zampay.transfers import operator_actions, states
from zampay.transfers.models import Transfer
from zampay.transfers.operator_actions import Operator
from zampay.transfers.states import State

ANN = Operator("Ann", "the network's portal", "Ben")
SETUP = Failure(FailureCode.PROVIDER_REJECTED, "Refused.", "INVALID_CURRENCY")


def retry(merchant: Merchant, transfer: Transfer) -> str:
    """What the merchant is told, which is the same everywhere."""
    one: dict[str, Any] = merchant.get(f"/payments/{transfer.id}").json
    listed = merchant.get("/payments").json["data"]
    explained = merchant.get(f"/payments/{transfer.id}/explain").json
    found: str = one["failure"]["retry"]
    assert [other["failure"]["retry"] for other in listed if other["id"] == transfer.id] == [found]
    assert explained["newAttempt"] == found
    assert (explained["nextAction"] is None) == (explained["nextActionAt"] is None)
    assert set(one["failure"]) == {"code", "message", "providerCode", "retry"}
    return found


def told(app: Flask, transfer: Transfer) -> dict[str, Any]:
    failure: dict[str, Any] = events(app, transfer.id)[-1].data["failure"]
    return failure


def expired(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    transfer = processing(app, merchant, network)
    network.poll_answers.append(ending("FAILED", failure=mapping.failure("EXPIRED")))
    look(app, transfer)
    return in_state(app, transfer, State.FAILED)


def presumed(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    transfer = unconfirmed(app, merchant, network, SETUP)
    network.poll_answers.append(UNKNOWN)
    look(app, transfer, age=LONG)
    return in_state(app, transfer, State.FAILED)


@pytest.mark.parametrize("made", [expired, presumed, never_landed])
def test_what_is_looked_at_again_is_safe_only_when_the_network_has_confirmed_it(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, made: Any
) -> None:
    transfer = made(app, merchant, network)
    assert retry(merchant, transfer) == "unsafe"
    assert told(app, transfer)["retry"] == "unsafe"
    assert set(told(app, transfer)) == {"code", "message", "providerCode", "retry"}
    confirmed = ending("FAILED") if made is expired else UNKNOWN
    network.poll_answers = [confirmed]
    look(app, transfer)
    assert retry(merchant, transfer) == "unsafe", "the look in an hour is still to come"
    network.poll_answers = [NoAnswer("timeout"), confirmed]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert retry(merchant, transfer) == "unsafe", "no answer confirms nothing"
    look(app, transfer)
    assert retry(merchant, transfer) == "safe"
    assert seconds_until_due(app, transfer.id) is None


def test_what_nobody_could_confirm_in_time_is_never_safe(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = expired(app, merchant, network)
    monkeypatch.setattr(states, "REVIEW_AFTER", states.REPOLL_AFTER * 0)
    network.poll_answers = [NoAnswer("timeout")]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert seconds_until_due(app, transfer.id) is None
    assert retry(merchant, transfer) == "unsafe"


def test_a_clear_no_is_safe_at_once_and_in_question_while_a_callback_waits_for_its_poll(
    engine: Engine,
) -> None:
    transfer = engine.given(ended, "FAILED")
    engine.queue.lose_all()
    assert retry(engine.merchant, transfer) == "safe"
    assert told(engine.app, transfer)["retry"] == "safe"
    engine.call(transfer, PAID)
    assert retry(engine.merchant, transfer) == "unsafe"
    engine.network.poll_answers = [NoAnswer("timeout"), ending("FAILED")]
    engine.queue.run_all()
    assert retry(engine.merchant, transfer) == "unsafe"
    engine.look(transfer)
    assert retry(engine.merchant, transfer) == "safe"


def test_an_acceptance_that_comes_after_the_end_puts_it_in_question(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)

    def fail_meanwhile(_: Order) -> Submission:
        network.poll_answers = [ending("FAILED")]
        look(app, transfer)
        assert retry(merchant, transfer) == "safe"
        return Accepted("202")

    network.submit_answers = [fail_meanwhile]
    submit(app, transfer)
    in_state(app, transfer, State.FAILED)
    assert retry(merchant, transfer) == "unsafe"
    network.poll_answers = [ending("FAILED")]
    look(app, transfer, age=timedelta(seconds=3))
    assert retry(merchant, transfer) == "safe"


@pytest.mark.parametrize("made", [expired, never_landed])
def test_what_the_network_has_contradicted_is_never_safe_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, made: Any
) -> None:
    transfer = made(app, merchant, network)
    network.poll_answers = [result("SUCCESSFUL"), ending("FAILED")]
    look(app, transfer, age=states.REPOLL_AFTER)
    assert retry(merchant, transfer) == "unsafe"
    with app.app_context():
        assert operator_actions.close_discrepancies(transfer=transfer, operator=ANN) == 1
    look(app, transfer)
    assert seconds_until_due(app, transfer.id) is None
    assert retry(merchant, transfer) == "unsafe"


def test_figures_that_differed_make_nothing_safe_until_somebody_has_looked_into_them(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = in_review(app, merchant, network)
    network.poll_answers = [ending("FAILED")]
    look(app, transfer)
    in_state(app, transfer, State.FAILED)
    assert (retry(merchant, transfer), told(app, transfer)["retry"]) == ("unsafe", "unsafe")
    with app.app_context():
        assert operator_actions.close_discrepancies(transfer=transfer, operator=ANN) == 1
    assert retry(merchant, transfer) == "safe"


def test_the_explanation_says_when_an_ending_is_asked_about_again(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = expired(app, merchant, network)
    found = merchant.get(f"/payments/{transfer.id}/explain").json
    assert found["nextAction"] == "poll"
    assert found["nextActionAt"] in found["sentence"]
    assert stored(app, transfer.id).repoll_at == stored(app, transfer.id).due_at


def test_what_people_decided_is_in_question_while_it_is_asked_about(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = in_review(app, merchant, network)
    with app.app_context():
        operator_actions.resolve(transfer=transfer, end=State.FAILED, operator=ANN)
    assert (retry(merchant, transfer), told(app, transfer)["retry"]) == ("unsafe", "unsafe")


def test_a_no_that_comes_while_a_callback_does_is_in_question_in_the_event_too(
    engine: Engine,
) -> None:
    transfer = engine.given(processing)
    meanwhile = engine.called_during(transfer, ending("FAILED"))
    engine.network.poll_answers = [meanwhile, ending("FAILED")]
    engine.queue.lose_all()
    engine.look(transfer)
    engine.in_state(transfer, State.FAILED)
    assert retry(engine.merchant, transfer) == "unsafe"
    assert told(engine.app, transfer)["retry"] == "unsafe"
    engine.queue.run_all()
    assert retry(engine.merchant, transfer) == "safe"


def test_a_callback_during_a_poll_that_ends_nothing_leaves_no_doubt_about_a_later_end(
    engine: Engine,
) -> None:
    transfer = engine.given(processing)
    meanwhile = engine.called_during(transfer, result("PENDING"))
    engine.network.poll_answers = [meanwhile, ending("FAILED")]
    engine.queue.lose_all()
    engine.look(transfer)
    engine.queue.run_all()
    engine.in_state(transfer, State.FAILED)
    assert retry(engine.merchant, transfer) == "safe"
    assert told(engine.app, transfer)["retry"] == "safe"
