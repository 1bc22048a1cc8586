"""Today's figures at a scrape: by merchant, mode and status, zero where there is nothing."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.given import accept, ended
from tests.support.merchants import Merchant
from zampay.infra.health import health_connection
from zampay.transfers import today_gauges

ZAMBIA_AHEAD_S, DAY_S = 7200, 86_400
_NOW = sa.text("SELECT extract(epoch FROM now())")
Figures = dict[tuple[str, str, str, str], float]


@pytest.fixture
def figures(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Figures]:
    """(tenant, mode, status) → the gauge, counted anew."""

    def read(name: str = "zampay_transfers_today") -> Figures:
        monkeypatch.setattr(today_gauges, "_kept", None)
        with app.app_context(), health_connection.connection() as link:
            return {
                (
                    one.labels["tenant_id"],
                    one.labels["livemode"],
                    one.labels["status"],
                    one.labels["currency"],
                ): one.value
                for one in today_gauges.readings(link)
                if one.name == name
            }

    return read


def test_a_quiet_day_shows_zeros(figures: Callable[..., Figures]) -> None:
    assert set(figures().values()) == {0}
    assert (today_gauges.OTHERS, "true", "SUCCESSFUL", "ZMW") in figures()


def test_payments_and_kwacha_are_told_by_merchant(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    figures: Callable[..., Figures],
) -> None:
    ended(app, merchant, network, "SUCCESSFUL")
    ended(app, merchant, network, "SUCCESSFUL")
    ended(app, rival, network, "FAILED")
    accept(app, rival, live=False)
    paid = (merchant.tenant_id, "true", "SUCCESSFUL", "ZMW")
    assert figures()[paid] == 2
    assert figures("zampay_transfers_today_amount_minor")[paid] == 2500
    assert figures()[(rival.tenant_id, "true", "FAILED", "ZMW")] == 1
    assert figures()[(rival.tenant_id, "false", "PENDING", "ZMW")] == 1


def test_the_day_begins_at_midnight_in_zambia(app: Flask) -> None:
    with app.app_context(), health_connection.connection() as link:
        midnight_s, now_s = float(link.scalar(today_gauges._MIDNIGHT)), link.scalar(_NOW)
    assert (midnight_s + ZAMBIA_AHEAD_S) % DAY_S == 0
    assert 0 <= float(now_s) - midnight_s < DAY_S


def test_what_came_before_midnight_does_not_count(
    app: Flask,
    merchant: Merchant,
    network: ScriptedNetwork,
    figures: Callable[..., Figures],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accept(app, merchant)
    monkeypatch.setattr(today_gauges, "_MIDNIGHT", sa.text("SELECT extract(epoch FROM now()) + 1"))
    assert set(figures().values()) == {0}


def test_merchants_beyond_the_busiest_are_added_up(
    app: Flask,
    merchant: Merchant,
    rival: Merchant,
    network: ScriptedNetwork,
    figures: Callable[..., Figures],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(today_gauges, "MOST_TENANTS", 1)
    for _ in range(2):
        accept(app, merchant)
    accept(app, rival)
    assert figures()[(merchant.tenant_id, "true", "PENDING", "ZMW")] == 2
    assert figures()[(today_gauges.OTHERS, "true", "PENDING", "ZMW")] == 1
