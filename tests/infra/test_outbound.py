"""HTTP out against real sockets: what was certainly not sent, and what may have arrived."""

import gzip
import socket
import time
from email.utils import formatdate
from typing import TypedDict

import pytest
import urllib3.util.connection

from tests.infra.sockets import (
    Behaviour,
    answers,
    drips,
    hangs_up,
    keeps_silent,
    never_stops,
    resets,
    says,
    serving,
)
from zampay.infra.http.outbound import (
    MAX_ANSWER_BYTES,
    TOO_LONG,
    NoReply,
    NotConnected,
    Outbound,
    Reply,
)


class Timeouts(TypedDict):
    connect_timeout_s: float
    read_timeout_s: float


PATIENT: Timeouts = {"connect_timeout_s": 5.0, "read_timeout_s": 5.0}
SHORT: Timeouts = {"connect_timeout_s": 2.0, "read_timeout_s": 0.3}
"""For those who are not answered: a busy machine still connects."""
DRIPS = {
    "the status": b"",
    "the headers": b"HTTP/1.1 200 OK\r\nA: ",
    "a body of a length": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "a body without one": b"HTTP/1.1 200 OK\r\n\r\n",
}
CUT_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


def ask(
    behaviour: Behaviour,
    method: str = "GET",
    body: bytes | None = None,
    timeouts: Timeouts = PATIENT,
) -> Reply:
    with serving(behaviour) as server:
        http = Outbound(**timeouts)
        return http.send(method, f"{server.url}/path", headers={"A": "b"}, body=body)


def test_a_whole_answer_comes_back_with_status_text_and_how_long_to_wait() -> None:
    said = '{"code":"EXPIRED","é":1}'
    reply = ask(answers(said.encode(), "429 Too Many", "Retry-After: 7"))
    assert reply == Reply(429, said, 7.0)


@pytest.mark.parametrize("given", ["", "soon", "-1", "1.5", "\u0661"])
def test_a_wait_that_cannot_be_read_is_none(given: str) -> None:
    header = f"Retry-After: {given}".encode()
    raw = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n" + header + b"\r\n\r\n"
    assert ask(says(raw)).retry_after_s is None


@pytest.mark.parametrize("ahead_s", [-600, 0, 600])
def test_a_date_to_wait_for_is_told_by_the_clock_that_wrote_it(ahead_s: int) -> None:
    theirs_s = time.time() + ahead_s
    dates = [formatdate(theirs_s + wait_s, usegmt=True) for wait_s in (0, 30)]
    headers = [f"Date: {dates[0]}", f"Retry-After: {dates[1]}"]
    assert ask(answers(b"", "503 Busy", *headers)).retry_after_s == 30


def test_nobody_listening_is_not_connected() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotConnected):
        Outbound(**SHORT).send("POST", f"http://127.0.0.1:{port}/", headers={}, body=b"{}")


@pytest.mark.parametrize("behaviour", [resets, hangs_up, keeps_silent, answers(b"{}")])
def test_a_server_without_tls_gets_nothing_of_the_request(behaviour: Behaviour) -> None:
    with serving(behaviour) as server, pytest.raises(NotConnected, match="TLSHandshakeFailed"):
        Outbound(**SHORT).send("GET", server.url.replace("http:", "https:"), headers={"A": "b"})
    assert all(b"A: b" not in request for request in server.requests)


def test_a_name_that_leads_nowhere_is_not_connected() -> None:
    with pytest.raises(NotConnected):
        Outbound(**SHORT).send("POST", "http://no-such-host.invalid/", headers={}, body=b"{}")


def test_a_connection_that_does_not_come_about_in_time_is_not_connected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(urllib3.util.connection, "create_connection", never)
    with pytest.raises(NotConnected):
        Outbound(**SHORT).send("POST", "http://127.0.0.1:1/", headers={}, body=b"{}")


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(resets, id="reset"),
        pytest.param(hangs_up, id="hung up"),
        pytest.param(says(b"HTTP/1.1 2"), id="half a status line"),
        pytest.param(says(CUT_SHORT), id="half a body"),
        pytest.param(says(b"SSH-2.0-OpenSSH\r\n"), id="another protocol"),
        pytest.param(says(b"\x00" * 70000), id="zeros"),
        pytest.param(says(b"HTTP/1.1 abc OK\r\n\r\n"), id="no status"),
        pytest.param(says(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"), id="200 headers"),
        pytest.param(answers(b"not gzip", "200 OK", "Content-Encoding: gzip"), id="false gzip"),
        pytest.param(
            says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), id="false chunk"
        ),
    ],
)
def test_once_connected_anything_but_a_whole_answer_may_have_arrived(behaviour: Behaviour) -> None:
    with pytest.raises(NoReply):
        ask(behaviour, "POST", b"{}")


def test_who_keeps_silent_once_connected_may_have_the_request() -> None:
    with pytest.raises(NoReply):
        ask(keeps_silent, "POST", b"{}", SHORT)


@pytest.mark.parametrize("begins", DRIPS.values(), ids=DRIPS)
def test_a_server_that_drips_does_not_hold_a_worker(begins: bytes) -> None:
    started_s = time.monotonic()
    with pytest.raises(NoReply, match=TOO_LONG):
        ask(drips(begins), timeouts=SHORT)
    assert time.monotonic() - started_s < 5


def test_a_status_can_be_enough_of_a_server_that_drips() -> None:
    with serving(drips(DRIPS["a body of a length"])) as server:
        reply = Outbound(**SHORT, status_is_enough=True).send("GET", server.url, headers={})
    assert reply.status == 200


def test_an_answer_without_end_is_cut_long_before_its_time_is_over() -> None:
    started_s = time.monotonic()
    with serving(never_stops) as server:
        patient = Outbound(connect_timeout_s=1, read_timeout_s=30)
        reply = patient.send("GET", server.url, headers={})
    assert len(reply.text) == MAX_ANSWER_BYTES
    assert time.monotonic() - started_s < 15


def test_an_answer_that_unpacks_without_end_is_cut() -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    reply = ask(answers(bomb, "200 OK", "Content-Encoding: gzip"))
    assert len(reply.text) == MAX_ANSWER_BYTES


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 For Good"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    with serving(answers(b"", status, "Location: /elsewhere")) as server:
        reply = Outbound(**PATIENT).send("POST", server.url, headers={}, body=b"{}")
        assert str(reply.status) == status[:3]
        assert len(server.requests) == 1


@pytest.mark.parametrize("location", [b"http://[", b"\xff\xfe", b"http://h:99999/", b"", b"//"])
def test_a_redirect_to_no_address_is_an_answer_too(location: bytes) -> None:
    raw = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    assert ask(says(raw), "POST", b"{}") == Reply(302, "")


def test_of_a_redirects_body_no_more_is_read_than_of_any_other() -> None:
    def redirects_without_end(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
        while True:
            connection.sendall(b"x" * MAX_ANSWER_BYTES)

    reply = ask(redirects_without_end)
    assert (reply.status, len(reply.text)) == (302, MAX_ANSWER_BYTES)


def test_nothing_is_sent_twice_by_itself() -> None:
    with serving(resets) as server:
        with pytest.raises(NoReply):
            Outbound(**SHORT).send("GET", server.url, headers={})
        assert len(server.requests) == 1


def test_no_cookie_and_no_proxy_or_login_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with serving(answers(b"", "200 OK", "Set-Cookie: a=b; Path=/")) as server:
        http = Outbound(**PATIENT)
        for _ in range(2):
            http.send("GET", server.url, headers={})
        assert all(b"\r\ncookie:" not in request.lower() for request in server.requests)
        assert len(server.requests) == 2


def test_errors_do_not_tell_the_address() -> None:
    with pytest.raises(NotConnected) as refused:
        Outbound(**SHORT).send("GET", "http://127.0.0.1:1/secret-token", headers={})
    assert "secret" not in str(refused.value)


def test_the_longest_that_a_call_takes_is_known() -> None:
    assert Outbound(connect_timeout_s=5, read_timeout_s=20).longest_s == 25


def test_a_call_can_be_given_less_than_its_time_outs_together() -> None:
    started_s = time.monotonic()
    with serving(keeps_silent) as server:
        brief = Outbound(connect_timeout_s=30, read_timeout_s=30, longest_s=0.3)
        with pytest.raises(NoReply, match=TOO_LONG):
            brief.send("GET", server.url, headers={})
    assert time.monotonic() - started_s < 5
