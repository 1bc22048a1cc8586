"""Some requests work, some wait for a moment, and the rest is refused; probes always get in."""

import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from dev import procfile
from dev.desk import await_condition
from tests.refusals import refusal
from zampay.app import NEVER_KEPT_WAITING
from zampay.infra import admission, requests_in
from zampay.infra.admission import Admission


class House:
    """A server of one view that takes until `ended` is set, and of one that answers always."""

    def __init__(self) -> None:
        self.ended, self.inside = threading.Event(), threading.Semaphore(0)
        self._threads = ThreadPoolExecutor(8)
        self._app = Flask("house")
        requests_in.init(self._app)
        self._app.add_url_rule("/slow", view_func=self._slow)
        self._app.add_url_rule("/broken", view_func=self._broken)
        self._app.add_url_rule("/always", "always", lambda: "here")
        admission.init(self._app, always={"always"}, admission=Admission(at_work=2, waiting=1))

    def _slow(self) -> str:
        self.inside.release()
        assert self.ended.wait(20)
        return "done"

    def _broken(self) -> str:
        raise RuntimeError

    def get(self, path: str) -> TestResponse:
        return self._app.test_client().get(path)

    def ask(self) -> Future[TestResponse]:
        return self._threads.submit(self.get, "/slow")

    def fill(self) -> list[Future[TestResponse]]:
        """All who may work do."""
        asked = [self.ask(), self.ask()]
        for _ in asked:
            assert self.inside.acquire(timeout=10)
        return asked

    def close(self) -> None:
        self.ended.set()
        self._threads.shutdown()


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def test_whoever_waits_too_long_is_refused_and_probes_are_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LONGEST_WAIT_S", 0.1)
    asked = house.fill()
    answer = house.get("/slow")
    refusal(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert house.get("/always").text == "here"
    house.ended.set()
    assert [one.result(10).text for one in asked] == ["done", "done"]
    assert house.get("/slow").text == "done"


def test_whoever_waits_gets_the_first_place_and_the_next_is_refused_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LONGEST_WAIT_S", 15)
    asked = house.fill()
    asked += [house.ask(), house.ask()]
    await_condition(
        lambda: sum(one.done() for one in asked) == 1, timeout_s=10, wanted="one refusal"
    )
    house.ended.set()
    assert sorted(one.result(10).status_code for one in asked) == [200, 200, 200, 503]


def test_a_request_that_fails_leaves_its_place(house: House) -> None:
    assert [house.get("/broken").status_code for _ in range(5)] == [500] * 5
    house.ended.set()
    assert house.get("/slow").text == "done"


def test_the_server_has_threads_beyond_all_that_are_let_in() -> None:
    words = shlex.split(procfile.read()["web"])
    threads = int(words[words.index("--blocking-threads") + 1])
    assert threads - (admission.AT_WORK + admission.WAITING) >= 8


def test_probes_and_metrics_are_never_kept_waiting(migrated_app: Flask) -> None:
    named: Callable[[str], object] = migrated_app.view_functions.get
    assert all(named(endpoint) for endpoint in NEVER_KEPT_WAITING)
    paths = {rule.endpoint: rule.rule for rule in migrated_app.url_map.iter_rules()}
    found = [paths[endpoint] for endpoint in NEVER_KEPT_WAITING]
    assert found == ["/health/live", "/health/ready", "/metrics"]
