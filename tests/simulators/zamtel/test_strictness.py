"""What Zamtel refuses; nobody is charged by any of it."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest


@pytest.mark.parametrize(
    "name", ["ThirdPartyID", "Password", "Amount", "Msisdn", "Shortcode", "ConversationId"]
)
@pytest.mark.parametrize("value", [None, ""])
def test_every_parameter_is_needed(zamtel: Any, name: str, value: str | None) -> None:
    assert zamtel.pay(**{name: value}).status_code == 400
    assert zamtel.journal()["charges"] == []


def test_a_parameter_comes_once(zamtel: Any) -> None:
    twice = f"/ZampayRest/Req?{urlencode(zamtel.query())}&ConversationId=2"
    assert zamtel.call("GET", twice).status_code == 400


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ThirdPartyID": "somebody"}, "2001"),
        ({"Password": "wrong"}, "2001"),
        ({"Shortcode": "999999"}, "2001"),
        *(
            ({"Amount": amount}, "2004")
            for amount in ("0", "0.99", "-5", "15000.01", "1.234", "1e3", "12,50", "K5", "012")
        ),
        *(
            ({"Msisdn": number}, "E8036")
            for number in (
                "0953123400",
                "953123400",
                "+260953123400",
                "2609531234000",
                "26095312340x",
            )
        ),
    ],
)
def test_a_wrong_parameter_gets_its_code(zamtel: Any, change: dict[str, str], code: str) -> None:
    answer = zamtel.pay(**change)
    assert (answer.status_code, answer.json()["status"]) == (200, code)
    assert zamtel.journal()["charges"] == []


def test_a_password_that_is_not_encoded_is_another_one(zamtel: Any) -> None:
    query = zamtel.query()
    password = query.pop("Password")
    path = f"/ZampayRest/Req?{urlencode(query)}&Password="
    assert zamtel.call("GET", path + password).json()["status"] == "2001"
    assert zamtel.call("GET", path + quote(password, safe="")).json()["status"] == "0"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/ZampayRest/Req", 405),
        ("GET", "/ZampayRest/B2CReq", 404),
        ("GET", "/Elsewhere/Req", 404),
        ("GET", "/ZampayRestProd/Req", 400),
    ],
)
def test_nothing_else_is_served(zamtel: Any, method: str, path: str, status: int) -> None:
    assert zamtel.call(method, path).status_code == status
