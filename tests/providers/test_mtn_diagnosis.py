"""MTN's set-up examined: each thing that can be wrong is told by name, with what to do."""

import re

import pytest
from pytest_httpserver import HTTPServer

from tests.support.networks import Mtn
from zampay.infra.redis import redis_client
from zampay.kernel.findings import Finding, Verdict
from zampay.providers.mtn.diagnosis import Code


def found(mtn: Mtn, **changes: object) -> tuple[Finding, Finding]:
    credentials, callbacks = mtn.adapter(**changes).diagnose()
    assert (credentials.subject, callbacks.subject) == ("MTN credentials", "MTN callbacks")
    return credentials, callbacks


def test_credentials_that_work_show_our_balance(mtn: Mtn) -> None:
    credentials, _ = found(mtn)
    assert (credentials.verdict, credentials.code) == (Verdict.FINE, Code.ACCEPTED)
    assert "1000 " in credentials.says


@pytest.mark.parametrize("wrong", ["api_key", "subscription_key"])
def test_wrong_credentials_are_told_although_an_old_token_works(mtn: Mtn, wrong: str) -> None:
    found(mtn)
    credentials, _ = found(mtn, **{wrong: "0" * 32})
    assert (credentials.verdict, credentials.code) == (Verdict.BROKEN, Code.REFUSED)
    assert "MTN_COLLECTION_API_KEY" in credentials.remedy
    assert "0" * 32 not in str(credentials)


def test_a_failed_examination_leaves_the_workers_their_token(mtn: Mtn) -> None:
    found(mtn)
    name = next(iter(redis_client.client().scan_iter("mtn:token:*")))
    token = redis_client.client().get(name)
    found(mtn, api_key="0" * 32)
    assert redis_client.client().get(name) == token


def test_a_wrong_environment_is_told(mtn: Mtn) -> None:
    credentials, _ = found(mtn, target_environment="mtnuganda")
    assert (credentials.verdict, credentials.code) == (Verdict.BROKEN, Code.NO_BALANCE)
    assert "MTN_TARGET_ENVIRONMENT (mtnuganda)" in credentials.remedy


@pytest.mark.parametrize(
    ("base_url", "says"),
    [
        ("http://127.0.0.1:9", "connection refused"),
        ("http://nowhere.invalid", "DNS lookup failed"),
        ("{ours}", "token call answered 501"),
        ("{tls}", "TLS handshake failed: certificate verify failed"),
    ],
)
def test_a_network_that_does_not_answer_is_told_in_words(
    mtn: Mtn, httpserver: HTTPServer, base_url: str, says: str
) -> None:
    httpserver.expect_request(re.compile("")).respond_with_data(status=501)
    ours = httpserver.url_for("")
    base_url = base_url.format(ours=ours, tls=ours.replace("http:", "https:"))
    credentials, _ = found(mtn, base_url=base_url)
    assert (credentials.verdict, credentials.code) == (Verdict.BROKEN, Code.NO_ANSWER)
    assert says in credentials.says
    assert "Error" not in credentials.says
    assert "MTN_BASE_URL" in credentials.remedy


def test_no_callback_address_is_advice(mtn: Mtn) -> None:
    _, callbacks = found(mtn)
    assert (callbacks.verdict, callbacks.code) == (Verdict.ADVICE, Code.NO_ADDRESS)
    assert "MTN_CALLBACK_BASE_URL" in callbacks.remedy


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, b'{"code": "callback_unknown"}', "mtn_callbacks_lead_here"),
        (403, b'{"code": "source_not_allowed"}', "mtn_callbacks_listed_sources"),
        (503, b'{"code": "unavailable"}', "mtn_callbacks_no_database"),
        (404, b"<html>not found</html>", "mtn_callbacks_lead_elsewhere"),
        (200, b"ok", "mtn_callbacks_lead_elsewhere"),
        (302, b"", "mtn_callbacks_lead_elsewhere"),
        (502, b"", "mtn_callbacks_lead_elsewhere"),
    ],
)
def test_the_callback_address_must_lead_to_ourselves(
    mtn: Mtn, httpserver: HTTPServer, status: int, body: bytes, code: str
) -> None:
    httpserver.expect_request(re.compile(""), method="PUT").respond_with_data(body, status)
    ours = httpserver.url_for("")
    _, callbacks = found(mtn, callback_base_url=ours)
    good = code in {"mtn_callbacks_lead_here", "mtn_callbacks_listed_sources"}
    assert (callbacks.code, callbacks.verdict is Verdict.FINE) == (code, good)
    assert httpserver.log[0][0].path.startswith("/api/v1/callbacks/mtn/")
    assert "this machine" in callbacks.says
    if good:
        assert f"`curl -i -X PUT {ours}/api/v1/callbacks/mtn/test`" in callbacks.says


def test_a_callback_address_where_nobody_is_is_told(mtn: Mtn) -> None:
    _, callbacks = found(mtn, callback_base_url="http://127.0.0.1:9")
    assert (callbacks.verdict, callbacks.code) == (Verdict.BROKEN, "mtn_callbacks_not_reached")
    assert "connection refused" in callbacks.says
    assert "`curl -i -X PUT http://127.0.0.1:9/api/v1/callbacks/mtn/test`" in callbacks.remedy
