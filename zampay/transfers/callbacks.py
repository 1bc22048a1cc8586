"""A network calls us: keep the body once, schedule a poll, answer 200. The poll decides alone.

Callbacks come by PUT or POST (networks contradict themselves about it), unsigned, without our
reference, with any content type; an answer within two seconds is expected.
"""

import hashlib
import re

import structlog
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
from zampay.providers.contract import CallbackHint, CallbackRequest
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers import callback_queries, locked_rows, transitions
from zampay.transfers.callback_queries import Kept
from zampay.transfers.create import TOKEN_LENGTH
from zampay.transfers.models import Transfer
from zampay.wallets import callback_tokens

log = structlog.get_logger()
callbacks = Blueprint("callbacks", __name__, url_prefix=f"{PREFIX}/callbacks")
MOST_KEPT = 50
LOCK_S = 5
OUTCOMES = (*Kept, "unknown", "refused")
_Ids = tuple[str, str]
"""(transfer id, tenant id)."""
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
    hint, found = _called_back(provider, token)
    if found is None or hint is None:
        metrics.CALLBACKS.labels("unknown").inc()
        if hint is None or hint.token is not None:
            raise CallbackUnknown(CallbackUnknown.title)
        log.warning("callback_names_nothing", provider=provider, reference=hint.reference)
        return Response(status=200)
    transfer_id, tenant_id = found
    concerning(transfer_id)
    outcome = _take_in(transfer_id, tenant_id, is_verified=hint.is_verified)
    metrics.CALLBACKS.labels(outcome).inc()
    return Response(status=200)


def _as_came(token: str) -> CallbackRequest:
    headers = {name.lower(): value for name, value in request.headers}
    return CallbackRequest(token, request.method, headers, read_raw_body)


def _called_back(provider: str, token: str) -> tuple[CallbackHint | None, _Ids | None]:
    """What a callback is about: as the deployment's adapter reads it, or, where that knows no such
    address, the one of the merchant's wallet whose address it is. An address that serves one wallet
    names only transfers of that wallet.
    """
    adapter = registry.called_back(provider)
    if adapter is None:
        return None, None
    code, wallet_id = adapter.profile.code, DEPLOYMENT
    hint = adapter.read_callback(_as_came(token))
    if hint is None and _TOKEN.fullmatch(token):
        wallet = callback_tokens.called_back(code, token)
        if wallet is not None:
            wallet_id, hint = wallet.wallet_id, wallet.provider.read_callback(_as_came(token))
    return hint, _find(code, hint, wallet_id) if hint else None


def _find(network: str, hint: CallbackHint, wallet_id: str) -> _Ids | None:
    """What the hint names."""
    if hint.token is not None and _TOKEN.fullmatch(hint.token):
        with transaction(callback_queries.tenant_of_callback(hint.token)) as tx:
            return callback_queries.by_callback_token(tx, network, hint.token)
    if hint.reference is not None:
        with transaction(callback_queries.tenant_of_reference(network, hint.reference)) as tx:
            return callback_queries.by_reference(tx, network, hint.reference, wallet_id=wallet_id)
    return None


def _take_in(transfer_id: str, tenant_id: str, *, is_verified: bool) -> str:
    """Keep the body. While somebody else keeps the same one, or died doing so, the lock is taken,
    and the database decides.
    """
    try:
        body = read_raw_body()
    except HTTPException:
        metrics.CALLBACKS.labels(_poll_without_body(transfer_id, tenant_id)).inc()
        raise
    digest = hashlib.sha256(body).hexdigest()
    lock = f"callback:{transfer_id}:{digest}"
    with redis_client.held(lock, ttl_s=LOCK_S) as ours:
        if not ours and _is_kept(transfer_id, tenant_id, digest):
            return "repeated"
        return _keep(transfer_id, tenant_id, body, digest, is_verified=is_verified)


def _is_kept(transfer_id: str, tenant_id: str, digest: str) -> bool:
    with transaction(tenant_id) as tx:
        return callback_queries.has_callback(tx, transfer_id, digest)


def _keep(transfer_id: str, tenant_id: str, body: bytes, digest: str, *, is_verified: bool) -> str:
    """Store a body that is new, and let a poll follow, in the same transaction; what came of it:
    kept, repeated or over_limit. Too many are not stored, but polled for all the same.
    """
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked(tx, transfer_id)
        outcome = callback_queries.keep(
            tx,
            most=MOST_KEPT,
            transfer_id=transfer_id,
            digest=digest,
            body=body,
            method=request.method,
            address=request.remote_addr,
            verified=is_verified,
        )
        if outcome is Kept.KEPT:
            _poll_soon(tx, transfer, at_once=True)
        elif outcome is Kept.OVER_LIMIT:
            _poll_over_limit(tx, transfer)
    return str(outcome)


def _poll_without_body(transfer_id: str, tenant_id: str) -> str:
    """A body that is too large or too slow is not stored, but polled for all the same."""
    with transaction(tenant_id) as tx:
        transfer = locked_rows.locked(tx, transfer_id)
        return _poll_over_limit(tx, transfer)


def _poll_over_limit(tx: Transaction, transfer: Transfer) -> str:
    pacing = f"callback-poll:{transfer.id}"
    at_once = redis_client.lock(pacing, ttl_s=int(transitions.AFTER_A_FLOOD.total_seconds()))
    _poll_soon(tx, transfer, at_once=at_once)
    return "over_limit"


def _poll_soon(tx: Transaction, transfer: Transfer, *, at_once: bool) -> None:
    """Bring the next poll forward. A callback about what was never sent says nothing."""
    if transfer.submissions > 0:
        transfer.called_back_at = locked_rows.CLOCK
        at = tx.now if at_once else tx.now + transitions.AFTER_A_FLOOD
        transitions.bring_forward(transfer, at, tx.now)
    if at_once:
        tx.enqueue("transfers.poll", **transfer.message)


def _check_source() -> None:
    allowed = current_app.config["CALLBACK_SOURCES"]
    if not allowed:
        return
    source = addresses.read(request.remote_addr)
    if source is None or not any(source in network for network in allowed):
        metrics.CALLBACKS.labels("refused").inc()
        raise SourceNotAllowed(SourceNotAllowed.title)
