"""What Airtel's simulator refuses, and in which of the envelopes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.simulators.airtel.conftest import AirtelClient

Start = Callable[..., Any]


def told(answer: Any) -> tuple[Any, ...]:
    """HTTP status, and what the envelope says."""
    status = answer.json()["status"]
    return (
        answer.status_code,
        status["success"],
        status.get("response_code") or status.get("result_code"),
    )


def test_a_token_lasts_180_seconds_and_says_so_as_text(airtel: AirtelClient, start: Start) -> None:
    assert airtel.token().json()["expires_in"] == "180"
    with start(expires_in="number") as other:
        assert other.token().json()["expires_in"] == 180


def test_wrong_credentials_have_an_envelope_of_their_own(airtel: AirtelClient) -> None:
    answer = airtel.token(client_secret="wrong")
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "Invalid client authentication",
    }
    assert airtel.token(grant_type="password").status_code == 400
    form = airtel.call("POST", "/auth/oauth2/token", data={"client_id": "x"})
    assert form.json()["status"]["response_code"] == "ROUTER003"


def test_a_dead_token_is_403_with_invalid_token(airtel: AirtelClient, start: Start) -> None:
    missing = airtel.push("zp000001", headers={"Authorization": None})
    assert (missing.status_code, missing.json()["error"]) == (401, "invalid_request")
    airtel.admin("POST", "tokens/expire")
    dead = airtel.push("zp000001")
    assert (dead.status_code, dead.json()["error"]) == (403, "invalid_token")
    with start(token_refusal=401) as older:
        older.admin("POST", "tokens/expire")
        assert older.push("zp000001").status_code == 401


def test_the_other_403s_speak_of_a_product_and_of_an_address(
    airtel: AirtelClient, start: Start
) -> None:
    with start(products="collection") as other:
        answer = other.get("/standard/v1/users/balance")
        said = (answer.status_code, answer.json()["message"])
        assert said == (403, "You cannot consume this service")
    airtel.faults({"operation": "push", "kind": "status", "status": 403, "times": 1})
    answer = airtel.push("zp000001")
    assert (answer.status_code, answer.json()["message"][:22]) == (403, "IP address not allowed")


def test_headers_are_required(airtel: AirtelClient) -> None:
    flat = airtel.push("zp000001", headers={"X-Country": None})
    assert (flat.status_code, flat.json()["status_code"]) == (400, "ROUTER110")
    assert "status" not in flat.json()
    currency = airtel.push("zp000001", headers={"X-Currency": None})
    assert told(currency) == (200, False, "ESB000008")
    assert "response_code" not in currency.json()["status"]
    assert told(airtel.push("zp000001", headers={"X-Country": "UG"})) == (200, False, "ROUTER112")
    assert told(airtel.push("zp000001", headers={"X-Currency": "UGX"})) == (200, False, "ROUTER119")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subscriber__msisdn": "260973123400"}, "ESB000033"),
        ({"subscriber__msisdn": "0973123400"}, "ESB000033"),
        ({"subscriber__msisdn": "097312340"}, "ESB000033"),
        ({"subscriber__msisdn": 973123400}, "ROUTER003"),
        ({"subscriber__country": "UG"}, "ESB000034"),
        ({"transaction__currency": "EUR"}, "ESB000035"),
        ({"transaction__amount": "12.50"}, "DP00800001004"),
        ({"transaction__amount": 0}, "DP00800001004"),
        ({"transaction__amount": -1}, "DP00800001004"),
        ({"transaction__amount": 1.005}, "DP00800001004"),
        ({"transaction__amount": True}, "DP00800001004"),
        ({"transaction__amount": None}, "DP00800001004"),
        ({"transaction__id": None}, "ROUTER003"),
        ({"transaction__id": "with-hyphens"}, "ROUTER003"),
        ({"reference": None}, "ROUTER003"),
        ({"reference": "a b c d"}, "ROUTER003"),
        ({"reference": "abc"}, "ROUTER003"),
        ({"subscriber": None}, "ROUTER003"),
    ],
)
def test_a_wrong_field_is_refused_under_http_200(
    airtel: AirtelClient, changes: dict[str, Any], code: str
) -> None:
    assert told(airtel.push("zp000001", **changes)) == (200, False, code)
    assert airtel.poll("zp000001").status_code == 404


@pytest.mark.parametrize("changes", [{"reference": "a" * 32}, {"transaction__id": "a" * 32}])
def test_what_is_too_long_goes_wrong_as_in_production(
    airtel: AirtelClient, changes: dict[str, Any]
) -> None:
    assert told(airtel.push("zp000001", **changes)) == (500, False, "DP00800001005")


def test_an_id_is_taken_for_ever(airtel: AirtelClient) -> None:
    assert told(airtel.push("zp000001")) == (200, True, "DP00800001006")
    assert told(airtel.push("zp000001")) == (200, False, "ESB000041")
    assert told(airtel.push("zp000001", "973123401")) == (200, False, "ESB000041")


def test_a_signature_is_refused_where_none_is_expected(airtel: AirtelClient) -> None:
    answer = airtel.push("zp000001", headers={"x-signature": "a", "x-key": "b"})
    assert told(answer) == (200, False, "DP00800001026")


@pytest.mark.parametrize("key", ["", "b", "AAAA", "é"])
def test_a_wrong_signature_is_refused_where_one_is_expected(start: Start, key: str) -> None:
    with start(signing="on") as signs:
        headers = {"x-signature": "a", "x-key": key.encode().decode("latin-1")}
        assert told(signs.push("zp000001", headers=headers)) == (200, False, "DP00800001026")
        assert told(signs.push("zp000001")) == (200, False, "DP00800001026")


def test_what_is_not_served_is_kongs_404(airtel: AirtelClient, start: Start) -> None:
    answer = airtel.get("/standard/v1/nothing")
    assert answer.json() == {"message": "no Route matched with those values"}
    assert told(airtel.poll("unknown")) == (404, False, "DP00800001025")
    with start(not_found_status=200) as other:
        assert told(other.poll("unknown")) == (200, False, "DP00800001025")


def test_balances_are_text_with_separators(airtel: AirtelClient) -> None:
    assert airtel.get("/standard/v1/users/balance").json()["data"]["balance"] == "1,000.00"
    assert told(airtel.get("/standard/v2/users/balance"))[1] is False
    asked = airtel.get("/standard/v2/users/balance?type=COLL")
    assert asked.json()["data"]["currency"] == "ZMW"


def test_who_has_a_number(airtel: AirtelClient) -> None:
    person = airtel.get(f"/standard/v1/users/{'973123400'}").json()["data"]
    assert (person["first_name"], person["is_barred"]) == ("Test", False)
    assert airtel.get("/standard/v1/users/973123451").json()["data"]["is_barred"] is True
    assert told(airtel.get("/standard/v1/users/973123455")) == (200, False, "DP02200000002")
    assert told(airtel.get("/standard/v1/users/260973123400")) == (200, False, "ESB000033")
