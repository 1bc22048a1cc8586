"""A delivery notification is accepted once, after success and not too late."""

from collections.abc import Callable
from typing import Any

import pytest


def notify(client: Any, reference_id: str, message: str = "Thank you", **options: Any) -> int:
    path = f"/collection/v1_0/requesttopay/{reference_id}/deliverynotification"
    headers = client.headers({"notificationMessage": message, **options.pop("headers", {})})
    content = {"json": {"notificationMessage": message}, **options}
    return int(client.call("POST", path, headers=headers, **content).status_code)


def test_the_first_is_accepted_and_the_second_is_one_too_many(mtn: Any, reference_id: str) -> None:
    mtn.pay("260963123453", reference_id)
    assert notify(mtn, reference_id) == 409
    mtn.admin("POST", "settle", {"referenceId": reference_id, "status": "SUCCESSFUL"})
    assert notify(mtn, reference_id) == 200
    assert notify(mtn, reference_id) == 429


def test_it_is_refused_for_payments_that_are_unknown_failed_or_long_past(
    mtn: Any, reference_id: str, start: Callable[..., Any]
) -> None:
    assert notify(mtn, reference_id) == 404
    mtn.pay("260963123451", reference_id)
    assert notify(mtn, reference_id) == 409
    with start(notify_s=0) as late:
        late.pay("260963123474", reference_id)
        assert notify(late, reference_id) == 410


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"notificationMessage": None}},
        {"message": "x" * 161},
        {"json": {}},
        {"json": None, "data": "{"},
    ],
)
def test_it_needs_its_message_in_header_and_body(
    mtn: Any, reference_id: str, options: dict[str, Any]
) -> None:
    mtn.pay(reference_id=reference_id)
    assert notify(mtn, reference_id, **options) == 400
