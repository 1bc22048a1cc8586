"""One token for all workers: shared through Redis, renewed in time, replaced once when refused."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.infra.absent import redis_away
from tests.infra.sockets import answers, keeps_silent, serving
from tests.support.networks import Mtn, an_order
from zampay.infra.http.shared_tokens import SharedToken
from zampay.infra.redis import redis_client
from zampay.kernel import clock
from zampay.providers.contract import (
    Accepted,
    Declined,
    NoAnswer,
    NotSent,
    Provider,
    Throttled,
    TooLate,
)
from zampay.providers.failures import FailureCode


def pay(adapter: Provider, times: int = 1) -> list[object]:
    return [adapter.submit(an_order(adapter)) for _ in range(times)]


def test_all_workers_share_one_token(mtn: Mtn) -> None:
    first, second = mtn.adapter(), mtn.adapter()
    assert all(isinstance(one, Accepted) for one in [*pay(first, 2), *pay(second, 2)])
    assert mtn.requests("token") == 1


def test_threads_of_one_worker_fetch_one_token(mtn: Mtn, small_app: Flask) -> None:
    adapter = mtn.adapter()

    def send(_: int) -> object:
        with small_app.app_context():
            return adapter.submit(an_order(adapter))

    with ThreadPoolExecutor(8) as pool:
        assert all(isinstance(one, Accepted) for one in pool.map(send, range(8)))
    assert mtn.requests("token") == 1


def test_a_token_is_kept_for_less_than_it_lasts(mtn: Mtn) -> None:
    pay(mtn.adapter())
    [name] = redis_client.client().scan_iter("mtn:token:*")
    assert mtn.simulated.token_life_s == 3600
    assert 2990 < redis_client.client().ttl(name) <= 3000


def test_a_token_that_the_network_no_longer_takes_is_replaced_and_the_call_repeated_once(
    mtn: Mtn,
) -> None:
    adapter = mtn.adapter()
    pay(adapter)
    mtn.admin("POST", "tokens/expire")
    order = an_order(adapter)
    assert isinstance(adapter.submit(order), Accepted)
    assert mtn.requests("token") == 2
    sent = [one for one in mtn.journal()["requests"] if one["operation"] == "requesttopay"]
    assert len(sent) == 3


def test_a_token_that_is_refused_twice_is_not_tried_a_third_time(mtn: Mtn) -> None:
    adapter = mtn.adapter()
    mtn.faults({"operation": "requesttopay", "kind": "status", "status": 401, "body": {}})
    [answer] = pay(adapter)
    assert isinstance(answer, Declined)
    assert answer.failure.code is FailureCode.PROVIDER_REJECTED
    assert (mtn.requests("requesttopay"), mtn.requests("token")) == (2, 2)


def test_a_poll_after_the_token_ended_is_answered_too(mtn: Mtn) -> None:
    adapter = mtn.adapter()
    order = an_order(adapter)
    adapter.submit(order)
    mtn.admin("POST", "tokens/expire")
    assert not isinstance(adapter.poll(order), NoAnswer | Throttled)


def test_without_redis_a_worker_keeps_its_own_token_while_it_lasts(
    mtn: Mtn, small_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = mtn.adapter()
    with redis_away(small_app):
        assert all(isinstance(one, Accepted) for one in pay(adapter, 3))
        assert mtn.requests("token") == 1
        mtn.admin("POST", "tokens/expire")
        assert all(isinstance(one, Accepted) for one in pay(adapter, 2))
        assert mtn.requests("token") == 2
        later_s = clock.monotonic_s() + 3001
        monkeypatch.setattr(clock, "monotonic_s", lambda: later_s)
        pay(adapter)
        assert mtn.requests("token") == 3


def test_wrong_credentials_are_said_at_once_and_nothing_is_sent(mtn: Mtn) -> None:
    for wrong in ({"api_key": "0" * 32}, {"subscription_key": "0" * 32}):
        adapter = mtn.adapter(**wrong)
        [answer] = pay(adapter)
        assert isinstance(answer, NotSent)
        assert answer.refused is not None
        assert answer.refused.code is FailureCode.PROVIDER_REJECTED
        assert isinstance(adapter.poll(an_order(adapter)), NoAnswer)
    assert mtn.requests("requesttopay") == 0


def test_a_token_path_that_is_down_means_that_nothing_was_sent(mtn: Mtn) -> None:
    adapter = mtn.adapter()
    for fault in (
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 500, "body": {"error": "internal"}},
        {"kind": "reset_before"},
        {"kind": "garbage"},
    ):
        mtn.faults({"operation": "token", **fault})
        [answer] = pay(adapter)
        assert isinstance(answer, NotSent)
    assert mtn.requests("requesttopay") == 0


@pytest.mark.parametrize("lasts", ["3600", '"3600"', "null", '"soon"', "-5", "1e999", "NaN", "[]"])
def test_whatever_a_token_lasts_it_can_be_kept(mtn: Mtn, lasts: str) -> None:
    body = f'{{"access_token":"abc","expires_in":{lasts}}}'.encode()
    with serving(answers(body)) as server:
        adapter = mtn.adapter(base_url=server.url)
        assert adapter._client._token.current() == "abc"


def test_a_token_is_asked_for_as_documented(mtn: Mtn) -> None:
    with serving(answers(b"{}")) as server:
        pay(mtn.adapter(base_url=server.url))
        head = server.requests[0].decode().lower()
    assert head.startswith("post /collection/token/ ")
    assert "content-length: 0" in head
    assert "authorization: basic " in head
    assert "ocp-apim-subscription-key: " in head
    assert "x-target-environment" not in head


def test_an_order_for_which_the_token_came_too_late_is_not_sent(
    mtn: Mtn, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = mtn.adapter()
    order = an_order(adapter, send_until_s=clock.monotonic_s() + 60)
    too_late_s = order.send_until_s + 1
    fetch = SharedToken._fetch

    def take_long(tokens: SharedToken) -> str:
        token = fetch(tokens)
        monkeypatch.setattr(clock, "monotonic_s", lambda: too_late_s)
        return token

    monkeypatch.setattr(SharedToken, "_fetch", take_long)
    assert isinstance(adapter.submit(order), TooLate)
    assert mtn.requests("token") == 1
    assert mtn.requests("requesttopay") == 0


def test_threads_that_waited_for_a_token_in_vain_do_not_ask_one_after_the_other(
    mtn: Mtn, small_app: Flask
) -> None:
    with serving(keeps_silent) as server:
        adapter = mtn.adapter(base_url=server.url, read_timeout_s=0.5)
        start = threading.Barrier(8)

        def send(_: int) -> object:
            start.wait()
            with small_app.app_context():
                return adapter.submit(an_order(adapter))

        with ThreadPoolExecutor(8) as pool:
            assert all(isinstance(one, NotSent) for one in pool.map(send, range(8)))
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_firewall_before_the_token_path_says_nothing_of_our_credentials(
    mtn: Mtn, status: int
) -> None:
    adapter = mtn.adapter()
    mtn.faults({"operation": "token", "kind": "status", "status": status, "body": "<h1>No</h1>"})
    [answer] = pay(adapter)
    assert isinstance(answer, NotSent)
    assert mtn.requests("requesttopay") == 0
