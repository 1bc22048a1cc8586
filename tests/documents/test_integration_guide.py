"""The tables of the guide are complete, and what they say is what the code does."""

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from dev.environment import ROOT
from tests.support.fakes import HeldQueue, ScriptedNetwork, make_due, poll, stored
from tests.support.merchants import BASE, Merchant, answered
from tests.support.wallets import credentials
from zampay.infra.web import problems
from zampay.kernel import sandbox_numbers
from zampay.providers import registry
from zampay.providers.failures import FAILURES, FailureCode
from zampay.providers.sandbox import adapter as sandbox
from zampay.transfers.states import Status
from zampay.webhooks import event_types

GUIDE = (ROOT / "docs/integration-guide.md").read_text(encoding="utf-8")
ENDING = re.compile(r"^\| (`09631234\d\d`.*?) \| `(\w+)`(?:, `(\w+)`)?")


def section(title: str) -> str:
    found = GUIDE.split(f"\n## {title}\n", 1)
    assert len(found) == 2, f"no section {title!r}"
    return found[1].split("\n## ", 1)[0]


def first_column(title: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", section(title), re.MULTILINE)


def test_every_error_code_is_there_with_its_status_and_what_to_do(app: Flask) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| (.+) \|$", section("Errors"), re.MULTILINE)
    assert [(code, int(status), advice) for code, status, advice in rows] == [
        (code, status, advice) for code, status, _, advice in problems.catalogue()
    ]


def test_every_failure_code_is_there_with_what_it_means_and_what_to_say() -> None:
    assert list(FAILURES) == list(FailureCode)
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (.*?) ?\|$", section("When a payment failed"), re.MULTILINE
    )
    assert rows == [(str(code), *words) for code, words in FAILURES.items()]


def test_every_state_is_there() -> None:
    assert set(first_column("States")[1:]) == {str(status) for status in Status}


def test_every_type_of_event_is_there() -> None:
    assert [name for name in event_types.ALL if f"`{name}`" not in section("Webhooks")] == []


def test_every_network_is_there() -> None:
    rows = re.findall(r"^\| [^`|]+ \| `(\w+)` \|", section("Networks"), re.MULTILINE)
    assert rows == [network.code for network in registry.NETWORKS]


def endings() -> list[tuple[str, str, str | None]]:
    """Each test number of the guide with the status and the failure that it promises."""
    found = []
    for line in section("Test numbers").splitlines():
        match = ENDING.match(line)
        if match:
            numbers = re.findall(r"`(?:…|09631234)(\d\d)`", match[1])
            found += [(f"09631234{suffix}", match[2], match[3]) for suffix in numbers]
    return found


def test_every_test_number_is_there() -> None:
    known = {*sandbox_numbers.PUBLISHED, *sandbox_numbers.OURS}
    assert {number[-2:] for number, _, _ in endings()} | {"53"} == known | {"00"}


@pytest.fixture
def quick_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Payers decide at once."""
    monkeypatch.setattr(sandbox, "PAYS_AFTER", timedelta(0))
    monkeypatch.setattr(sandbox, "DELAYED_PAYS_AFTER", timedelta(0))


@pytest.mark.parametrize(("number", "status", "failure"), endings())
@pytest.mark.usefixtures("quick_sandbox")
def test_a_test_number_ends_as_the_guide_says(
    app: Flask,
    merchant: Merchant,
    task_queue: HeldQueue,
    number: str,
    status: str,
    failure: str | None,
) -> None:
    payment = merchant.pay(live=False, msisdn=number).json
    task_queue.run_all()
    make_due(app, payment["id"])
    poll(app, stored(app, payment["id"]))
    shown = merchant.get(f"/payments/{payment['id']}", live=False).json
    assert shown["status"] == status
    assert (shown["failure"] or {}).get("code") == failure


def test_the_sweep_of_a_web_shop_leaves_what_got_no_answer_for_later() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", section("In a web shop"), re.DOTALL)
    shop: dict[str, Any] = {}
    exec(code, shop)  # noqa: S102 - the guide's own program
    orders = [SimpleNamespace(id=f"o-{n}", amount="1.00", msisdn="0963123400") for n in (1, 2)]
    saved = []

    def ask(request: dict[str, str]) -> dict[str, Any]:
        if request["externalId"] == "o-1":
            raise ConnectionError
        return {"status": "FAILED", "failure": {"code": "payer_declined"}}

    shop["sweep"](lambda: orders, ask, lambda *given: saved.append(given))
    assert saved == [(orders[1], "FAILED", "payer_declined")]


CURL = re.compile(
    r'^curl -sS( -X (\w+))? "\$ZAMPAY_URL/api/v1(\S+)"(.*?)(?=^curl|\Z)', re.MULTILINE | re.DOTALL
)


def test_the_requests_of_the_part_about_wallets_work_one_after_the_other(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```", section("Wallets"), re.MULTILINE | re.DOTALL)
    files = re.findall(r"^```json\n(.*?)^```", section("Wallets"), re.MULTILINE | re.DOTALL)
    asked, wallet_id = [], ""
    for _, method, path, rest in CURL.findall("".join(blocks)):
        body: Any = None
        if "-d @" in rest:
            body = json.loads(files.pop(0)) | {"credentials": credentials()}
        answer = merchant.client.open(
            f"{BASE}{path.replace('$WALLET_ID', wallet_id)}",
            method=method or ("POST" if body else "GET"),
            headers=merchant.headers(),
            json=body,
        )
        assert answer.status_code in {200, 201}, answer.json
        wallet_id = wallet_id or answered(answer).json["id"]
        asked.append(path.rpartition("/")[2])
    assert asked == ["wallets", "verify", "credentials", "balance", "disable"]


@pytest.mark.parametrize("network", registry.NETWORKS, ids=lambda one: one.code)
def test_the_part_about_wallets_names_each_networks_credentials(network: registry.Network) -> None:
    for one in network.merchant_wallets.credentials:
        assert f"`{one.name}`" in section("Wallets")
