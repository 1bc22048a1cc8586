"""Metrics of real processes: two web workers add up, a worker shows its own, both are closed."""

import threading
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from dev.environment import await_condition
from dev.stack import Stack
from tests.journeys.shop import Shop

pytestmark = pytest.mark.long

REQUESTS = 60
ASKED_EVERY_S = 0.5
"""How often uvicorn's supervisor asks its processes for a sign of life."""
LIVE = {"method": "GET", "route": "/health/live", "status": "200"}


def scraped(
    session: requests.Session, url: str, token: str
) -> list[tuple[str, dict[str, str], float]]:
    """All samples of a page."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = session.get(f"{url}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


def value(samples: list[tuple[str, dict[str, str], float]], name: str, **labels: str) -> float:
    """The sum over the samples of this name with these labels."""
    return sum(
        number
        for found, its_labels, number in samples
        if found == name and labels.items() <= its_labels.items()
    )


def web(stack: Stack, session: requests.Session) -> list[tuple[str, dict[str, str], float]]:
    return scraped(session, stack.url, stack.environment["METRICS_TOKEN"])


def worker(stack: Stack, session: requests.Session) -> list[tuple[str, dict[str, str], float]]:
    port = stack.environment["METRICS_PORT"]
    return scraped(session, f"http://127.0.0.1:{port}", stack.environment["METRICS_TOKEN"])


def test_whichever_process_is_asked_tells_the_sum_of_all(
    stack: Stack, session: requests.Session
) -> None:
    before = value(web(stack, session), "zampay_http_requests_total", **LIVE)

    def ask() -> None:
        for _ in range(REQUESTS // 6):  # a connection each, so that both processes take some
            requests.get(f"{stack.url}/health/live", timeout=10)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {
        value(web(stack, requests.Session()), "zampay_http_requests_total", **LIVE)
        for _ in range(10)
    }
    assert told == {before + REQUESTS}
    assert len(shares(stack)) == 2, "both processes have counted"


def shares(stack: Stack) -> set[str]:
    """Process ids that have counted requests, by the files that they share."""
    master = psutil.Process(stack.process("web").pid)
    children = {str(child.pid) for child in master.children(recursive=True)}
    return {
        name.rpartition("_")[2] for name in files(stack) if name.startswith("counter_")
    } & children


def files(stack: Stack) -> set[str]:
    """The names of the files in which the processes of web keep what they share."""
    master = psutil.Process(stack.process("web").pid)
    return {
        Path(file.path).stem
        for child in master.children(recursive=True)
        for file in child.open_files()
        if file.path.endswith(".db")
    }


def test_the_present_is_told_once_and_kept_nowhere(stack: Stack) -> None:
    with requests.Session() as one, requests.Session() as other:
        for session in (one, other, one, other, one):  # kept alive: the same process again
            samples = web(stack, session)
            series = Counter((name, frozenset(labels.items())) for name, labels, _ in samples)
            assert [one for one, times in series.items() if times > 1] == []
            assert [labels for _, labels, _ in samples if "pid" in labels] == []
            assert len([1 for name, *_ in samples if name == "zampay_heartbeat_age_seconds"]) == 2
    kept = {name.rpartition("_")[0] for name in files(stack) if name.startswith("gauge")}
    assert kept == {"gauge_livesum"}, "only of processes themselves, and while they live"


def test_a_dead_web_process_keeps_its_counts_and_loses_its_present(
    stack: Stack, session: requests.Session
) -> None:
    before = web(stack, session)
    victim = psutil.Process(int(min(shares(stack))))
    victim.suspend()
    time.sleep(4 * ASKED_EVERY_S)  # so that it dies while it is asked, which nothing shows
    victim.kill()
    victim.wait(timeout=10)
    pool = 2 * value(before, "zampay_database_pool_size") / 2

    def is_back() -> bool:
        try:
            after = web(stack, requests.Session())
        except requests.RequestException:
            return False
        return value(after, "zampay_database_pool_size") == pool

    await_condition(is_back, timeout_s=30, wanted="the successor of the dead process")
    after = web(stack, requests.Session())
    counted = [value(one, "zampay_http_requests_total", **LIVE) for one in (before, after)]
    assert counted[1] >= counted[0]


def test_a_worker_shows_tasks_calls_and_moves_on_its_own_port(
    stack: Stack, session: requests.Session
) -> None:
    before = worker(stack, session)
    shop = Shop.open(session, stack.url, "Counted").live()
    payment_id = shop.pay("260963123401")["id"]
    await_condition(
        lambda: shop.payment(payment_id)["status"] == "SUCCESSFUL", timeout_s=30, wanted="the end"
    )
    after = worker(stack, session)

    def growth(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    submitted = {"provider": "mtn", "operation": "request_to_pay"}
    assert growth("zampay_provider_calls_total", **submitted, outcome="202") == 1
    assert growth("zampay_provider_call_duration_seconds_count", **submitted) == 1
    enqueued = growth("zampay_tasks_total", task="transfers.submit", outcome="done")
    assert enqueued >= 1, "the sweep may enqueue as well before the message runs"
    assert growth("zampay_transitions_total", target="SUCCESSFUL", livemode="true") == 1
    callbacks = value(web(stack, session), "zampay_callbacks_total", outcome="kept")
    assert callbacks >= 1


def test_sweeps_and_signs_of_life_are_seen_from_the_web(
    stack: Stack, session: requests.Session
) -> None:
    samples = web(stack, session)
    for role in ("worker", "beat"):
        assert [one for one in samples if one[1].get("role") == role]
        assert value(samples, "zampay_heartbeat_age_seconds", role=role) < 60
    assert value(worker(stack, session), "zampay_tasks_total", task="transfers.sweep") > 0


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_neither_is_open(stack: Stack, session: requests.Session, headers: dict[str, str]) -> None:
    for place in (stack.url, f"http://127.0.0.1:{stack.environment['METRICS_PORT']}"):
        answer = session.get(f"{place}/metrics", headers=headers, timeout=5)
        assert answer.status_code == 401
        assert "zampay_" not in answer.text
