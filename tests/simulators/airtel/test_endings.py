"""How payments end on Airtel's simulator, and what it calls back."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulators.airtel.conftest import AirtelClient
from tests.support.receiver import Receiver

Start = Callable[..., Any]
Until = Callable[..., None]
TEST = "9731234"


@pytest.mark.parametrize(
    ("suffix", "first", "last", "code"),
    [
        ("00", "TIP", "TS", "DP00800001001"),
        ("54", "TA", "TS", "DP00800001001"),
        ("51", "TF", "TF", "DP00800001008"),
        ("52", "TIP", "TE", "DP00800001029"),
        ("63", "TF", "TF", "DP00800001005"),
        ("64", "TF", "TF", "DP00800009999"),
        ("70", "TF", "TF", "DP00800001007"),
        ("57", "TIP", "TS", "DP00800001001"),
    ],
)
def test_a_number_ends_as_its_suffix_says(
    airtel: AirtelClient, until: Until, suffix: str, first: str, last: str, code: str
) -> None:
    pushed = airtel.push("zp000001", TEST + suffix).json()
    assert pushed["status"]["response_code"] == "DP00800001006"
    assert pushed["data"]["transaction"] == {"id": "zp000001", "status": "Success."}
    assert airtel.status("zp000001") in {first, last}
    until(lambda: airtel.status("zp000001") == last)
    answer = airtel.poll("zp000001")
    found = answer.json()
    assert (answer.status_code, found["status"]["response_code"]) == (200, code)
    assert found["status"]["success"] is (last == "TS")
    assert sum(airtel.journal()["byReference"].values()) == (last == "TS")
    transaction = found["data"]["transaction"]
    assert set(transaction) == {"airtel_money_id", "id", "message", "status"}
    assert (transaction["airtel_money_id"] != "NA") == (last == "TS")


def test_a_payment_that_goes_on_says_so_in_two_letters(airtel: AirtelClient) -> None:
    airtel.push("zp000001", TEST + "53")
    assert airtel.status("zp000001") == "TI"


@pytest.mark.parametrize(
    ("suffix", "http", "code"),
    [
        ("55", 400, "DP00800001005"),
        ("58", 200, "ROUTER001"),
        ("60", 200, "ROUTER119"),
        ("62", 503, "DP00800001005"),
    ],
)
def test_some_numbers_are_not_taken(
    airtel: AirtelClient, suffix: str, http: int, code: str
) -> None:
    answer = airtel.push("zp000001", TEST + suffix)
    assert (answer.status_code, answer.json()["status"]["response_code"]) == (http, code)
    assert airtel.poll("zp000001").status_code == 404


def test_faults_and_the_journal_know_a_payment_by_the_whole_number(airtel: AirtelClient) -> None:
    airtel.faults({"operation": "push", "kind": "status", "msisdn": "260973123401"})
    assert airtel.push("zp000001", "973123400").status_code == 200
    assert airtel.push("zp000002", "973123401").status_code == 503
    assert [one["referenceId"] for one in airtel.journal()["requests"][-2:]] == [
        "zp000001",
        "zp000002",
    ]


def expected(signed: str, key: str) -> str:
    made = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


@pytest.mark.parametrize("reading", ["member", "body", "off"])
def test_a_callback_names_our_id_and_is_hashed_as_told(
    start: Start, gateway: Receiver, until: Until, reading: str
) -> None:
    options = {"callback_base": f"{gateway.url}/airtel/", "callback_hash": reading}
    with start(**options) as client:
        client.push("zp000001", TEST + "51")
        until(lambda: gateway.received)
        key, token = client.settings.private_key, client.settings.callback_token
    [call] = gateway.received
    assert (call.method, call.path) == ("POST", f"/hooks/airtel/{token}")
    body = call.body.decode()
    member = {"id": "zp000001", "message": "Refused", "status_code": "TF"}
    assert json.loads(body)["transaction"] == member
    text = json.dumps(member, separators=(",", ":"))
    hashes = {"member": expected(text, key), "body": expected(f'{{"transaction":{text}}}', key)}
    assert json.loads(body).get("hash") == hashes.get(reading)
