"""No key is ever logged: not when it is made, not when it works, not when it is refused."""

import logging

import pytest
import structlog
from flask.testing import FlaskClient

from tests.support.fakes import HeldQueue
from tests.support.log_lines import captured
from tests.support.merchants import BASE, Merchant


def test_no_line_holds_a_key(
    client: FlaskClient, task_queue: HeldQueue, caplog: pytest.LogCaptureFixture
) -> None:
    refused = f"zp_live_{'0' * 48}"
    with captured() as lines, caplog.at_level(logging.DEBUG):
        merchant = Merchant.register(client)
        made = merchant.post("/api-keys", {"name": "Till"}).json
        rotated = merchant.post(f"/api-keys/{made['id']}/rotate", {}).json
        merchant.pay(live=False)
        client.get(f"{BASE}/payments", headers={"Authorization": f"Bearer {refused}"})
        client.get(f"{BASE}/payments?key={refused}", headers=merchant.headers())
        structlog.get_logger().info("the test is over")
    said = f"{lines} {caplog.text}"
    assert "the test is over" in said
    for key in (merchant.test_key, merchant.live_key, made["apiKey"], rotated["apiKey"], refused):
        assert key not in said
        assert key[16:] not in said
