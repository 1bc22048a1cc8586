"""Callbacks come from whom the operator lists; without a list from anybody."""

import ipaddress

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.counts import growth
from tests.support.fakes import ScriptedNetwork
from tests.support.given import processing
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from tests.support.rows import callbacks

LISTED = ("192.0.2.0/24", "2001:db8::/48", "203.0.113.9/32")


@pytest.fixture
def path(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> str:
    """The callback address of a payment, with the list in force."""
    app.config["CALLBACK_SOURCES"] = tuple(map(ipaddress.ip_network, LISTED))
    transfer = processing(app, merchant, network)
    app.config["PAYMENT_ID"] = transfer.id
    return f"{BASE}/callbacks/mtn/{transfer.callback_token}"


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7", "203.0.113.9", "::ffff:192.0.2.7"])
def test_a_listed_source_is_heard(client: FlaskClient, path: str, source: str) -> None:
    answer = client.put(path, data=b"{}", environ_base={"REMOTE_ADDR": source})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "source", ["192.0.3.1", "203.0.113.10", "::1", "2001:db9::1", "::ffff:192.0.3.1", "unknown", ""]
)
def test_any_other_is_refused_and_nothing_kept(
    app: Flask, client: FlaskClient, path: str, source: str
) -> None:
    with growth("zampay_callbacks_total", 1, outcome="refused"):
        answer = client.put(path, data=b"{}", environ_base={"REMOTE_ADDR": source})
    refusal(answer, 403, "source_not_allowed")
    assert callbacks(app, app.config["PAYMENT_ID"]) == []


def test_without_a_list_anybody_is_heard(app: Flask, client: FlaskClient, path: str) -> None:
    app.config["CALLBACK_SOURCES"] = ()
    answer = client.put(path, data=b"{}", environ_base={"REMOTE_ADDR": "192.0.3.1"})
    assert answer.status_code == 200


def test_what_comes_of_callbacks_is_counted(client: FlaskClient, path: str) -> None:
    listed = {"REMOTE_ADDR": "192.0.2.7"}
    with growth("zampay_callbacks_total", 1, outcome="kept"):
        client.put(path, data=b"{}", environ_base=listed)
    with growth("zampay_callbacks_total", 1, outcome="repeated"):
        client.put(path, data=b"{}", environ_base=listed)
    with growth("zampay_callbacks_total", 1, outcome="unknown"):
        client.put(path[:-40] + "0" * 40, data=b"{}", environ_base=listed)
