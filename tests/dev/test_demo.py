"""The demo judges itself strictly, and shows no more of a number than it may."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from dev.demo import verdict
from dev.performance import Part
from dev.screen import Screen
from dev.story import ACTS, Act
from zampay.kernel import sandbox_numbers

PAYS = Act("paid", "25.00", "260963123400")
FAILS = Act("declined", "40.00", "260963123451", "payer_declined")


def ended(act: Act, status: str, code: str | None = None, charges: int = 0) -> Part:
    payment: dict[str, Any] = {"status": status, "failure": {"code": code} if code else None}
    return Part(act, payment, charges=charges)


def test_the_end_that_belongs_to_a_number_is_accepted() -> None:
    assert ended(PAYS, "SUCCESSFUL", charges=1).is_as_expected
    assert ended(FAILS, "FAILED", "payer_declined").is_as_expected


@pytest.mark.parametrize(
    "part",
    [
        ended(PAYS, "SUCCESSFUL", charges=2),
        ended(PAYS, "SUCCESSFUL", charges=0),
        ended(PAYS, "FAILED", "payer_declined"),
        ended(PAYS, "PROCESSING", charges=1),
        ended(FAILS, "FAILED", "insufficient_funds"),
        ended(FAILS, "FAILED", "payer_declined", charges=1),
        ended(FAILS, "SUCCESSFUL", charges=1),
    ],
    ids=lambda part: f"{part.act.name}: {part.payment['status']} {part.failure} {part.charges}",
)
def test_any_other_end_is_not(part: Part) -> None:
    assert not part.is_as_expected


def test_numbers_are_masked() -> None:
    assert PAYS.masked == "26096•••3400"


def test_the_story_has_every_kind_of_end() -> None:
    endings = [sandbox_numbers.ending(act.msisdn) for act in ACTS]
    assert [ending and ending.name for ending in endings] == [
        None,
        "REJECTED",
        "NOT_ENOUGH_FUNDS",
        "EXPIRED",
        "PAYER_NOT_FOUND",
        "DELAYED",
        "ANSWER_LOST_AFTER_CHARGE",
    ]
    assert all(re.fullmatch(r"26096\d{7}", act.msisdn) for act in ACTS)


def shown(capsys: pytest.CaptureFixture[str], tell: Callable[[Screen], None]) -> list[str]:
    tell(Screen())
    return capsys.readouterr().out.splitlines()


def finished(act: Act) -> Part:
    payment = {"externalId": act.name, "amount": act.amount, "status": act.status}
    move = {"status": act.status, "evidence": "submitted", "detail": "attempt 1, reference " * 5}
    failure = {"code": act.failure} if act.failure else None
    return Part(act, payment | {"failure": failure, "currency": "ZMW"}, [move], act.charges)


def test_every_line_fits_80_columns_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parts = [finished(act) for act in ACTS]
    long = "Kalulu Books is registered as ten_01m8fttgxbjvyb6qw9wjj9ft82, and has a live key"
    lines = shown(capsys, lambda screen: screen.summarise(parts))
    lines += shown(capsys, lambda screen: screen.say(long))
    lines += shown(capsys, lambda screen: screen.say(verdict(parts)))
    for part in parts:
        lines += shown(capsys, lambda screen, part=part: screen.moved(part, part.moves[0]))
    assert max(len(line) for line in lines) <= 80
    for part in parts:
        assert any(part.act.name in line and part.payment["amount"] in line for line in lines)


def test_a_long_sentence_keeps_every_word_below_its_beginning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second, *more = shown(capsys, lambda screen: screen.say("word " * 20 + "end"))
    assert more == []
    assert first.endswith("s  " + "word " * 13 + "word")
    assert second == " " * 9 + "word " * 6 + "end"
