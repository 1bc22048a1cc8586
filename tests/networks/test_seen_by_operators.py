"""What operators see of a network that does not answer."""

from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.log_lines import captured, the_line
from tests.support.merchants import Merchant
from tests.support.troubles import AWAY, watch
from zampay.cli import doctor_wallets
from zampay.infra.health import health_connection
from zampay.transfers import gauges
from zampay.transfers.concurrency import TROUBLE_AFTER


def test_operators_see_it_in_metrics_and_in_the_doctor(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    def metric() -> dict[str, float]:
        with health_connection.connection() as link:
            found = [one for one in gauges.readings(link) if one.name == "zampay_network_degraded"]
        return {
            one.labels["wallets"]: one.value for one in found if one.labels["provider"] == "MTN"
        }

    with app.app_context():
        assert metric() == {"deployment": 0, "merchants": 0}
        assert list(doctor_wallets.troubles()) == []
    with captured() as lines:
        watch(app, merchant)(*[AWAY] * TROUBLE_AFTER)
    assert the_line(lines, "network_degraded")["wallet_id"] == "deployment"
    with app.app_context():
        assert metric() == {"deployment": 1, "merchants": 0}
        [finding] = doctor_wallets.troubles()
    assert (finding.code, finding.subject) == ("network_degraded", "MTN")
    assert "DOWN for the deployment's wallet since " in finding.says
    assert "connection refused" in finding.says
