"""What one request costs: how often the web process waits for its servers, as an upper bound."""

from typing import Any

import pytest
import redis

from tests.support.fakes import ScriptedNetwork
from tests.support.merchants import Merchant
from tests.support.round_trips import round_trips


def test_accepting_a_payment_is_few_round_trips(
    merchant: Merchant, network: ScriptedNetwork
) -> None:
    merchant.pay()  # connections are made, and the use of the key is written down
    with round_trips() as made:
        assert merchant.pay().status_code == 202
    assert made.count <= 3, "BEGIN, one statement, COMMIT; the key is known"


def test_all_limits_of_a_request_are_counted_in_one_round_trip(
    merchant: Merchant, network: ScriptedNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    merchant.pay()  # the script is known to Redis
    sent, execute = [], redis.Redis.execute_command

    def noted(client: Any, *command: Any, **options: Any) -> Any:
        sent.append(command[0])
        return execute(client, *command, **options)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(redis.Redis, "execute_command", noted)
    assert "RateLimit-Remaining" in merchant.pay().headers
    assert sent == ["EVALSHA"]
