"""What the environment says of Zamtel: together, with TLS, and never repeated."""

from datetime import timedelta

import pytest

from config import BadConfiguration
from tests.support.zamtel import ENVIRONMENT
from tests.test_config import PRODUCTION, REQUIRED, Load, load, problems
from zampay.providers.zamtel.settings import CREDENTIALS, ENQUIRY

__all__ = ["load"]


def test_a_second_network_is_configured_beside_the_first_or_alone(load: Load) -> None:
    assert load({**PRODUCTION, **ENVIRONMENT}).networks["ZAMTEL"].has_wallet
    assert load({**REQUIRED, **ENVIRONMENT}).networks["MTN"] is None
    assert load(PRODUCTION).networks["ZAMTEL"] is None
    address = {"ZAMTEL_BASE_URL": ENVIRONMENT["ZAMTEL_BASE_URL"]}
    assert not load({**PRODUCTION, **address}).networks["ZAMTEL"].has_wallet


@pytest.mark.parametrize("name", [*CREDENTIALS, *ENQUIRY])
def test_variables_that_belong_together_are_asked_for_together(load: Load, name: str) -> None:
    assert name in problems(load, {**PRODUCTION, **ENVIRONMENT}, **{name: None})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZAMTEL_BASE_URL", "http://zamtel.example"),
        ("ZAMTEL_BASE_URL", "https://zamtel.example/Req?Password=opensesame"),
        ("ZAMTEL_STATUS_BASE_URL", "http://zamtel.example/status/"),
        ("ZAMTEL_PASSWORD", "open sesame"),
        ("ZAMTEL_SHORTCODE", "9x"),
        ("ZAMTEL_READ_TIMEOUT_S", "0"),
        ("ZAMTEL_MAX_IN_FLIGHT", "0"),
    ],
)
def test_a_wrong_value_is_told_without_what_it_is(load: Load, name: str, value: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        load({**PRODUCTION, **ENVIRONMENT}, **{name: value})
    assert name in str(refused.value)
    assert "sesame" not in str(refused.value)


def test_the_lease_is_checked_without_the_time_that_a_customer_needs(load: Load) -> None:
    given = {**REQUIRED, **ENVIRONMENT, "ZAMTEL_READ_TIMEOUT_S": "600"}
    assert load(given, SUBMIT_LEASE_S="50").submit_lease == timedelta(seconds=50)
    assert problems(load, given, SUBMIT_LEASE_S="49") == {"SUBMIT_LEASE_S"}
