"""/metrics: for whoever has the token, with counts, and gauges read when they are asked for."""

import hmac
from collections.abc import Callable, Iterator
from wsgiref.simple_server import WSGIServer

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from tests.support.counts import growth
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.given import ended, processing, unconfirmed
from tests.support.in_review import in_review
from tests.support.merchants import Merchant
from tests.support.refusals import refusal
from zampay.infra.health import metrics_page
from zampay.transfers import gauges as payment_gauges
from zampay.transfers import invariants

TOKEN = "0123456789abcdef0123456789abcdef"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def scraped(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Samples]:
    """The page as Prometheus reads it."""
    monkeypatch.setitem(app.extensions, "metrics_token", TOKEN)
    monkeypatch.setattr(payment_gauges, "_kept", None)

    def scrape() -> Samples:
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=")
        return parsed(answer.text)

    return scrape


def parsed(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    return samples[(name, frozenset(labels.items()))]


def test_without_a_token_in_the_settings_there_is_nothing(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Authorization": "Bearer None"})
    refusal(answer, 404, "not_found")


@pytest.mark.parametrize(
    "presented", [None, "", TOKEN, "Bearer ", f"Bearer {TOKEN[:-1]}", f"Bearer{TOKEN}", "Bearer é"]
)
def test_a_wrong_token_is_refused(
    app: Flask, client: FlaskClient, presented: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "metrics_token", TOKEN)
    headers = {} if presented is None else {"Authorization": presented}
    answer = client.get("/metrics", headers=headers)
    refusal(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "zampay_" not in answer.text


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER  "])
def test_the_scheme_may_be_written_in_any_case(
    app: Flask, client: FlaskClient, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "metrics_token", TOKEN)
    answer = client.get("/metrics", headers={"Authorization": f"{scheme}{TOKEN}"})
    assert answer.status_code == 200


def test_tokens_are_compared_in_constant_time(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[object, object]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda one, two: compared.append((one, two)))
    monkeypatch.setitem(app.extensions, "metrics_token", TOKEN)
    client.get("/metrics", headers={"Authorization": "Bearer x"})
    assert compared == [(b"x", TOKEN.encode())]


def test_counts_and_gauges_are_on_one_page(
    merchant: Merchant, network: ScriptedNetwork, scraped: Callable[[], Samples]
) -> None:
    merchant.pay()
    samples = scraped()
    route = {"method": "POST", "route": "/api/v1/payments", "status": "202"}
    assert of(samples, "zampay_http_requests_total", **route) >= 1
    assert of(samples, "zampay_transfers_open", livemode="true", state="PENDING") == 1
    assert of(samples, "zampay_transfers_open", livemode="false", state="PENDING") == 0
    assert of(samples, "zampay_transfers_due", livemode="true") == 1
    assert of(samples, "zampay_database_pool_in_use") >= 0


def test_payments_are_told_by_state_and_mode(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, scraped: Callable[[], Samples]
) -> None:
    unconfirmed(app, merchant, network)
    processing(app, merchant, network)
    in_review(app, merchant, network)
    ended(app, merchant, network, "SUCCESSFUL")
    samples = scraped()
    for state in ("UNCONFIRMED", "PROCESSING", "IN_REVIEW"):
        assert of(samples, "zampay_transfers_open", livemode="true", state=state) == 1
    assert of(samples, "zampay_transfers_oldest_open_seconds", livemode="true") > 0
    assert of(samples, "zampay_transfers_longest_due_seconds", livemode="true") == 0
    assert of(samples, "zampay_discrepancies_open", livemode="true") == 1
    assert of(samples, "zampay_discrepancies_open", livemode="false") == 0
    assert of(samples, "zampay_webhook_deliveries_due") == 0
    assert of(samples, "zampay_queue_depth", queue="transfers") == 0
    broken = {key: value for key, value in samples.items() if key[0].endswith("violations")}
    assert len(broken) == len(invariants.QUERIES)
    assert set(broken.values()) == {0.0}


def test_moves_are_counted_once_they_are_committed(
    app: Flask, merchant: Merchant, task_queue: HeldQueue, network: ScriptedNetwork
) -> None:
    move = {"source": "PENDING", "target": "SUBMITTING", "livemode": "true"}
    with growth("zampay_transitions_total", 1, **move):
        processing(app, merchant, network)


def test_the_counts_survive_the_loss_of_the_database(
    another_app: Callable[..., Flask],
) -> None:
    nowhere = "postgresql+psycopg://zampay@127.0.0.1:9/zampay"
    app = another_app(database_url=nowhere, metrics_token=TOKEN)
    with growth("zampay_gauges_failed_total", 1):
        answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert "zampay_http_requests_total" in answer.text
    assert "zampay_transfers_open" not in answer.text
    failed = REGISTRY.get_sample_value("zampay_gauges_failed_total")
    assert of(parsed(answer.text), "zampay_gauges_failed_total") == failed, "the page itself counts"


@pytest.fixture
def of_a_worker() -> Iterator[str]:
    """The port of a worker."""
    server = metrics_page.serve("127.0.0.1", 0, token=TOKEN)
    assert isinstance(server, WSGIServer)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_workers_port_wants_the_token_too(of_a_worker: str) -> None:
    right = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{of_a_worker}/metrics", headers=right, timeout=5)
    assert answer.status_code == 200
    assert "zampay_tasks_total" in answer.text
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = requests.get(f"{of_a_worker}/metrics", headers=headers, timeout=5)
        assert answer.status_code == 401
        assert "zampay_" not in answer.text
    assert requests.get(f"{of_a_worker}/", headers=right, timeout=5).status_code == 404


def test_a_port_that_is_taken_stops_no_worker(of_a_worker: str) -> None:
    port = int(of_a_worker.rpartition(":")[2])
    assert metrics_page.serve("127.0.0.1", port, token=TOKEN) is None
