"""What one request costs: how often the web process waits for its servers, as an upper bound."""

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
