"""A callback whose body the front does not read: the application is told, and refuses it itself."""

from typing import Any

import pytest

from tests.infra.test_front import HOST, MORE, Asked
from zampay.infra.web import front
from zampay.infra.web.front import Front
from zampay.infra.web.request_limits import UNREAD


@pytest.mark.parametrize(
    ("headers", "parts", "status"),
    [
        ([(b"content-length", b"65537")], [MORE], 413),
        ([], [b"x" * 40_000, b"x" * 25_537, MORE], 413),
        ([], [b"{", MORE], 408),
    ],
)
def test_a_callback_whose_body_is_not_read_reaches_the_application_without_it(
    monkeypatch: pytest.MonkeyPatch,
    headers: list[tuple[bytes, bytes]],
    parts: list[bytes],
    status: int,
) -> None:
    monkeypatch.setattr(front, "BODY_S", 0.05)
    seen: list[tuple[Any, bytes]] = []

    def view(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append((environ[UNREAD], environ["wsgi.input"].read()))
        start_response("413 Too Large", [])
        return [b"refused"]

    path = f"{front.CALLBACKS}MTN/token"
    asked = Asked(HOST, *headers, parts=parts, path=path).of(Front(view))
    assert seen == [(status, b"")]
    assert (asked.status, asked.body, asked.headers[b"connection"]) == (413, b"refused", b"close")
