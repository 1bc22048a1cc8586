"""One signed POST to a merchant, and what came back."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from zampay.infra.http.outbound import TOO_LONG, NoReply, NotConnected, Outbound
from zampay.infra.http.public_addresses import PublicOnlyAdapter
from zampay.kernel import clock, signing, storable
from zampay.kernel.clock import rfc3339
from zampay.webhooks.models import Event

CONNECT_TIMEOUT_S = 5.0
TIMEOUT_S = 15.0
KEPT_CHARACTERS = 1024
_SUCCESS = range(200, 300)
NOT_PUBLIC = "the name has no public address"
"""The same for an unknown name and for one inside our network: merchants must not learn which."""
_REASONS = {
    "NameResolutionError": NOT_PUBLIC,
    "NotPublicAddress": NOT_PUBLIC,
    "NewConnectionError": "connection refused",
    "ConnectTimeoutError": "connection timed out",
    "TLSHandshakeFailed": "TLS handshake failed (is the certificate valid?)",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent where; `body` is signed as it is, to the byte."""

    url: str
    message_id: str
    body: str
    headers: dict[str, str]
    signing_secrets: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The merchant's answer: `status` is None when there was none; `text` is the first kilobyte, or
    the reason why there is none.
    """

    status: int | None
    text: str
    latency_ms: int
    retry_after_s: float | None = None

    @property
    def is_success(self) -> bool:
        """Any 2xx. A redirect is a failure."""
        return self.status in _SUCCESS


def init(app: Flask, *, development: bool) -> None:
    """Prepare the connections; in development, webhooks may also go to this machine."""
    app.extensions["webhook_outbound"] = Outbound(
        connect_timeout_s=CONNECT_TIMEOUT_S,
        read_timeout_s=TIMEOUT_S,
        longest_s=TIMEOUT_S,
        adapter=PublicOnlyAdapter(loopback=development),
        status_is_enough=True,
    )


def body_of(event: Event) -> str:
    """The event as merchants get it, by webhook and from the feed alike."""
    return json.dumps(view(event), ensure_ascii=False, separators=(",", ":"))


def view(event: Event) -> dict[str, Any]:
    """The members of an event."""
    return {
        "id": event.id,
        "type": event.type,
        "sequence": event.sequence,
        "livemode": event.livemode,
        "createdAt": rfc3339(event.created_at),
        "data": event.data,
    }


def send(message: Message, *, at: datetime) -> Answer:
    """Send once; raises nothing for what the other side does."""
    headers = {
        **message.headers,
        "Content-Type": "application/json",
        "User-Agent": "ZamPay-Webhooks/1",
        "Accept-Encoding": "identity",
        **signing.signed_headers(
            message.body,
            message_id=message.message_id,
            at=at,
            signing_secrets=message.signing_secrets,
        ),
    }
    outbound: Outbound = current_app.extensions["webhook_outbound"]
    started_s = clock.monotonic_s()
    try:
        reply = outbound.send("POST", message.url, headers=headers, body=message.body.encode())
    except (NotConnected, NoReply) as error:
        reason = _reason(str(error))
        took_ms = 0 if NOT_PUBLIC in reason else _since_ms(started_s)  # the time would give it away
        return Answer(None, reason, took_ms)
    text = storable.text(reply.text[:KEPT_CHARACTERS])
    return Answer(reply.status, text, _since_ms(started_s), reply.retry_after_s)


def _reason(kind: str) -> str:
    """Why there was no answer, in words for the delivery log."""
    if kind in {TOO_LONG, "ReadTimeout", "ReadTimeoutError"}:
        return f"no answer: timed out after {TIMEOUT_S:g} seconds"
    return f"no answer: {_REASONS.get(kind, 'connection reset')}"


def _since_ms(started_s: float) -> int:
    return int((clock.monotonic_s() - started_s) * 1000)
