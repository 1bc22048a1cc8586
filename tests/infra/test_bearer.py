"""The scheme of a bearer token is read as RFC 9110 writes it: any case, one or more spaces."""

import pytest

from zampay.infra.web import bearer

OTHERS = [
    "",
    "zp_test_x",
    "Bearer",
    "Bearer ",
    "Bearerzp_test_x",
    "Bearer\tzp_test_x",
    "Bearer, zp_test_x",
    "Bearers zp_test_x",
    "Basic zp_test_x",
    " Bearer zp_test_x",
]


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "bEaReR ", "Bearer    "])
def test_the_scheme_may_be_in_any_case_with_one_or_more_spaces(scheme: str) -> None:
    assert bearer.token(f"{scheme}zp_test_x") == "zp_test_x"


@pytest.mark.parametrize("authorization", OTHERS)
def test_anything_else_is_no_bearer_token(authorization: str) -> None:
    assert bearer.token(authorization) is None


def test_the_token_itself_is_left_as_it_is() -> None:
    assert bearer.token("bearer ZP_Test_x y ") == "ZP_Test_x y "
