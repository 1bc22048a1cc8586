"""MTN's callbacks: a PUT to the URL of the request, with the body of an answer to a poll."""

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("msisdn", ["260963123400", "260963123451", "260963123474"])
def test_a_callback_says_once_what_a_poll_is_answered(
    mtn: Any, gateway: Any, reference_id: str, until: Callable[..., None], msisdn: str
) -> None:
    mtn.pay(msisdn, reference_id, headers={"X-Callback-Url": gateway.url()})
    until(lambda: mtn.callbacks() == [200])
    ((method, path, content),) = gateway.received
    assert (method, path) == ("PUT", "/callbacks/network/token")
    assert json.loads(content) == mtn.poll(reference_id).json()
    assert reference_id not in content.decode()


def test_a_request_without_a_url_has_no_callback(mtn: Any, gateway: Any) -> None:
    mtn.pay("260963123451")
    mtn.pay("260963123453", headers={"X-Callback-Url": gateway.url()})
    assert mtn.callbacks() == []
