"""Calls to a network say by whose request they were caused."""

import pytest
import structlog

from tests.infra.sockets import answers, serving
from zampay.infra.http.outbound import Outbound
from zampay.infra.http.provider_calls import ProviderCalls


@pytest.mark.parametrize("cause", ["trace-of-the-merchant", None])
def test_the_id_of_the_request_goes_along_where_there_is_one(cause: str | None) -> None:
    http = Outbound(connect_timeout_s=1, read_timeout_s=1)
    structlog.contextvars.clear_contextvars()
    bound = {"request_id": cause} if cause else {}
    with serving(answers(b"{}")) as server, structlog.contextvars.bound_contextvars(**bound):
        ProviderCalls("mtn", http).send("balance", "GET", server.url, headers={"A": "b"})
        [request] = server.requests
    assert b"\r\nA: b\r\n" in request
    sent = [line for line in request.split(b"\r\n") if line.startswith(b"X-Request-Id")]
    assert sent == ([f"X-Request-Id: {cause}".encode()] if cause else [])
