"""MTN's callbacks: a PUT to the URL of the request, with the body of an answer to a poll."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.receiver import Receiver


@pytest.mark.parametrize("msisdn", ["260963123400", "260963123451", "260963123474"])
def test_a_callback_says_once_what_a_poll_is_answered(
    mtn: Any, gateway: Receiver, reference_id: str, until: Callable[..., None], msisdn: str
) -> None:
    mtn.pay(msisdn, reference_id, headers={"X-Callback-Url": gateway.url})
    until(lambda: mtn.callbacks() == [200])
    (received,) = gateway.received
    assert (received.method, received.path) == ("PUT", "/hooks")
    assert json.loads(received.body) == mtn.poll(reference_id).json()
    assert reference_id not in received.body.decode()


def test_a_request_without_a_url_has_no_callback(mtn: Any, gateway: Receiver) -> None:
    mtn.pay("260963123451")
    mtn.pay("260963123453", headers={"X-Callback-Url": gateway.url})
    assert mtn.callbacks() == []
