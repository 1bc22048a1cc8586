"""A network calls us: keep the body once, schedule a poll, answer 200. The poll decides alone.

Callbacks come by PUT or POST (networks contradict themselves about it), unsigned, without our
reference, with any content type; an answer within two seconds is expected.
"""

import hashlib
import re

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from zampay.infra.database.db import Transaction, transaction
from zampay.infra.redis import redis_client
from zampay.infra.telemetry import metrics
from zampay.infra.telemetry.access_log import concerning
from zampay.infra.web.api import PREFIX
from zampay.infra.web.request_limits import raw_body, read_raw_body
from zampay.kernel import addresses
from zampay.kernel.errors import ZamPayError
from zampay.kernel.ids import ALPHABET
from zampay.providers import registry
from zampay.transfers import queries, transitions
from zampay.transfers.create import TOKEN_LENGTH
from zampay.transfers.models import Transfer
from zampay.transfers.traces import Callback

callbacks = Blueprint("callbacks", __name__, url_prefix=f"{PREFIX}/callbacks")
MOST_KEPT = 50
LOCK_S = 5
OUTCOMES = ("kept", "repeated", "over_limit", "unknown", "refused")
_TOKEN = re.compile(rf"[{ALPHABET}]{{{TOKEN_LENGTH}}}")


class CallbackUnknown(ZamPayError):
    """No transfer has this token at this network."""

    code = "callback_unknown"
    status = 404
    title = "There is no such callback address"
    advice = "not for merchants"


class SourceNotAllowed(ZamPayError):
    """The operator lists the addresses that callbacks may come from, and this is none of them."""

    code = "source_not_allowed"
    status = 403
    title = "Callbacks are not taken from this address"
    advice = "not for merchants"


@callbacks.route("/<provider>/<token>", methods=["PUT", "POST"])
@raw_body
def receive(provider: str, token: str) -> Response:
    """Keep a callback and poll its transfer soon; the same body again changes nothing."""
    _check_source()
    found = None
    if registry.knows(provider) and _TOKEN.fullmatch(token):
        with transaction(queries.tenant_of_callback(provider, token)) as tx:
            found = queries.by_callback_token(tx, provider, token)
    if found is None:
        metrics.CALLBACKS.labels("unknown").inc()
        raise CallbackUnknown(CallbackUnknown.title)
    transfer_id, tenant_id = found
    concerning(transfer_id)
    metrics.CALLBACKS.labels(_take_in(transfer_id, tenant_id)).inc()
    return Response(status=200)


def _take_in(transfer_id: str, tenant_id: str) -> str:
    """Keep the body. While somebody else keeps the same one, or died doing so, the lock is taken,
    and the database decides. Read only here, so that a stranger without a token cannot make us wait
    for one.
    """
    try:
        body = read_raw_body()
    except HTTPException:
        metrics.CALLBACKS.labels(_poll_without_body(transfer_id, tenant_id)).inc()
        raise
    digest = hashlib.sha256(body).hexdigest()
    lock = f"callback:{transfer_id}:{digest}"
    ours = redis_client.lock(lock, ttl_s=LOCK_S)
    if not ours and _is_kept(transfer_id, tenant_id, digest):
        return "repeated"
    try:
        return _keep(transfer_id, tenant_id, body, digest)
    finally:
        if ours:
            redis_client.release(lock)


def _is_kept(transfer_id: str, tenant_id: str, digest: str) -> bool:
    with transaction(tenant_id) as tx:
        return queries.has_callback(tx, transfer_id, digest)


def _keep(transfer_id: str, tenant_id: str, body: bytes, digest: str) -> str:
    """Store a body that is new, and let a poll follow, in the same transaction; what came of it:
    kept, repeated or over_limit. Too many are not stored, but polled for all the same.
    """
    with transaction(tenant_id) as tx:
        transfer = queries.locked(tx, transfer_id)
        if queries.has_callback(tx, transfer_id, digest):
            return "repeated"
        if queries.callbacks_seen(tx, transfer_id)[0] >= MOST_KEPT:
            return _poll_over_limit(tx, transfer)
        tx.session.add(
            Callback(
                tenant_id=tenant_id,
                transfer_id=transfer_id,
                body_digest=digest,
                body=body,
                method=request.method,
                address=request.remote_addr,
            )
        )
        _poll_soon(tx, transfer, at_once=True)
    return "kept"


def _poll_without_body(transfer_id: str, tenant_id: str) -> str:
    """A body that is too large or too slow is not stored, but polled for all the same."""
    with transaction(tenant_id) as tx:
        transfer = queries.locked(tx, transfer_id)
        return _poll_over_limit(tx, transfer)


def _poll_over_limit(tx: Transaction, transfer: Transfer) -> str:
    pacing = f"callback-poll:{transfer.id}"
    at_once = redis_client.lock(pacing, ttl_s=int(transitions.AFTER_A_FLOOD.total_seconds()))
    _poll_soon(tx, transfer, at_once=at_once)
    return "over_limit"


def _poll_soon(tx: Transaction, transfer: Transfer, *, at_once: bool) -> None:
    """Bring the next poll forward. A callback about what was never sent says nothing."""
    if transfer.submissions > 0:
        transfer.called_back_at = sa.func.clock_timestamp()
        at = tx.now if at_once else tx.now + transitions.AFTER_A_FLOOD
        transitions.bring_forward(transfer, at, tx.now)
    if at_once:
        tx.enqueue("transfers.poll", transfer_id=transfer.id, tenant_id=transfer.tenant_id)


def _check_source() -> None:
    allowed = current_app.config["CALLBACK_SOURCES"]
    if not allowed:
        return
    source = addresses.read(request.remote_addr)
    if source is None or not any(source in network for network in allowed):
        metrics.CALLBACKS.labels("refused").inc()
        raise SourceNotAllowed(SourceNotAllowed.title)
