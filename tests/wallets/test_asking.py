"""Questions to networks while a merchant waits: for so long, so many at once, in no transaction."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import Merchant
from tests.support.wallets import a_wallet
from zampay.infra.telemetry import metrics
from zampay.wallets import verification

Ask = Callable[[str], Any]
pytestmark = pytest.mark.usefixtures("network")


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A network that answers when it is let go."""
    let_go, asked = threading.Event(), threading.Event()

    def diagnose(_: ScriptedNetwork) -> list[Any]:
        asked.set()
        let_go.wait(20)
        return []

    monkeypatch.setattr(ScriptedNetwork, "diagnose", diagnose)
    yield asked, let_go
    let_go.set()


def test_a_network_that_hangs_is_told_after_the_time(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch, hanging: Any
) -> None:
    monkeypatch.setattr(verification, "LONGEST_S", 0.1)
    made = a_wallet(merchant)
    answer = merchant.post(f"/wallets/{made['id']}/verify")
    assert (answer.status_code, answer.json["wallet"]["status"]) == (200, "UNVERIFIED")
    assert [one["code"] for one in answer.json["findings"]] == ["network_too_slow"]


def test_one_question_of_a_merchant_at_a_time_and_no_connection_is_held(
    app: Flask, merchant: Merchant, rival: Merchant, hanging: Any
) -> None:
    asked, let_go = hanging
    path = f"/wallets/{a_wallet(merchant)['id']}"
    with ThreadPoolExecutor(1) as browser:
        waiting = browser.submit(lambda: merchant.post(f"{path}/verify").status_code)
        assert asked.wait(10)
        held = metrics.POOL_IN_USE._value.get()
        refused = merchant.post(f"{path}/verify")
        other = rival.get(f"/wallets/{a_wallet(rival)['id']}/balance").status_code
        let_go.set()
        assert waiting.result() == 200
    assert (refused.status_code, refused.json["code"]) == (429, "network_being_asked")
    assert (refused.headers["Retry-After"], other, held) == ("5", 200, 0)


def test_a_defect_of_an_adapter_is_an_error_and_gives_its_share_back(
    merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: ScriptedNetwork) -> Any:
        raise ZeroDivisionError

    path = f"/wallets/{a_wallet(merchant)['id']}/verify"
    with monkeypatch.context() as patch:
        patch.setattr(ScriptedNetwork, "diagnose", broken)
        assert merchant.post(path).status_code == 500
    assert merchant.post(path).status_code == 200
