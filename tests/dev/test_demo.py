"""The demo judges itself strictly, and shows no more of a number than it may."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dev.demo import verdict
from dev.output import Output
from dev.runner import Run
from dev.scenarios import SCENARIOS, Scenario
from zampay.kernel import sandbox_numbers

PAYS = Scenario("paid", "25.00", "260963123400")
FAILS = Scenario("declined", "40.00", "260963123451", "payer_declined")


def ended(scenario: Scenario, status: str, code: str | None = None, charges: int = 0) -> Run:
    payment: dict[str, Any] = {"status": status, "failure": {"code": code} if code else None}
    return Run(scenario, payment, charges=charges)


def test_the_end_that_belongs_to_a_number_is_accepted() -> None:
    assert ended(PAYS, "SUCCESSFUL", charges=1).is_as_expected
    assert ended(FAILS, "FAILED", "payer_declined").is_as_expected


@pytest.mark.parametrize(
    "run",
    [
        ended(PAYS, "SUCCESSFUL", charges=2),
        ended(PAYS, "SUCCESSFUL", charges=0),
        ended(PAYS, "FAILED", "payer_declined"),
        ended(PAYS, "PROCESSING", charges=1),
        ended(FAILS, "FAILED", "insufficient_funds"),
        ended(FAILS, "FAILED", "payer_declined", charges=1),
        ended(FAILS, "SUCCESSFUL", charges=1),
    ],
    ids=lambda run: f"{run.scenario.name}: {run.payment['status']} {run.failure} {run.charges}",
)
def test_any_other_end_is_not(run: Run) -> None:
    assert not run.is_as_expected


def test_numbers_are_masked() -> None:
    assert PAYS.masked == "26096•••3400"


def test_there_is_a_scenario_for_every_kind_of_end() -> None:
    on_mtn = [one for one in SCENARIOS if one.network == "MTN"]
    endings = [sandbox_numbers.ending(one.msisdn) for one in on_mtn]
    assert [ending and ending.name for ending in endings] == [
        None,
        "REJECTED",
        "NOT_ENOUGH_FUNDS",
        "EXPIRED",
        "PAYER_NOT_FOUND",
        "DELAYED",
        "ANSWER_LOST_AFTER_CHARGE",
    ]
    assert all(re.fullmatch(r"26096\d{7}", one.msisdn) for one in on_mtn)


def test_every_scenario_has_a_payer_and_an_order_of_its_own() -> None:
    assert len({one.msisdn for one in SCENARIOS}) == len(SCENARIOS)
    assert len({one.external_id for one in SCENARIOS}) == len(SCENARIOS)


def test_a_network_that_cannot_be_polled_leaves_a_lost_answer_to_a_person() -> None:
    lost = Scenario("answer-lost", "1.00", "260953123472", status="IN_REVIEW")
    assert ended(lost, "IN_REVIEW", charges=1).is_as_expected
    assert ended(lost, "IN_REVIEW", charges=1).has_ended
    assert not ended(lost, "SUCCESSFUL", charges=1).is_as_expected
    assert not ended(PAYS, "IN_REVIEW", charges=1).has_ended


def shown(capsys: pytest.CaptureFixture[str], write: Callable[[Output], None]) -> list[str]:
    write(Output())
    return capsys.readouterr().out.splitlines()


def finished(scenario: Scenario) -> Run:
    status, charges = ("FAILED", 0) if scenario.failure else ("SUCCESSFUL", 1)
    run = ended(scenario, status, scenario.failure, charges)
    run.payment["amount"] = scenario.amount
    run.events = [
        {"status": status, "evidence": "submitted", "detail": "attempt 1, reference " * 5}
    ]
    return run


def test_every_line_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    runs = [finished(scenario) for scenario in SCENARIOS]
    long = "Kalulu Books is registered as ten_01m8fttgxbjvyb6qw9wjj9ft82, and has a live key"
    lines = shown(capsys, lambda output: output.summary(runs))
    lines += shown(capsys, lambda output: output.say(long))
    lines += shown(capsys, lambda output: output.say(verdict(runs)))
    for run in runs:
        lines += shown(capsys, partial(Output.event, run=run, event=run.events[0]))
    assert max(len(line) for line in lines) <= 80
    for run in runs:
        assert any(run.scenario.name in line and run.scenario.amount in line for line in lines)


def test_a_long_sentence_keeps_every_word_below_its_beginning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second, *more = shown(capsys, lambda output: output.say("word " * 20 + "end"))
    assert more == []
    assert first.endswith("s  " + "word " * 13 + "word")
    assert second == " " * 9 + "word " * 6 + "end"
