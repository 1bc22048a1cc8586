"""A network calls us: keep the body once, ring, answer 200. An enquiry decides, never the body.

Callbacks come by PUT or POST (networks contradict themselves about it), unsigned, without our
reference, with any content type; an answer within two seconds is expected.
"""

import hashlib
import ipaddress
import re

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, request
from sqlalchemy.dialects.postgresql import insert

from zampay.infra import metrics, redis_client
from zampay.infra.access_log import concerning
from zampay.infra.api import PREFIX
from zampay.infra.db import transaction
from zampay.infra.requests_in import raw_body
from zampay.kernel.errors import ZamPayError
from zampay.kernel.ids import ALPHABET
from zampay.payments import queries
from zampay.payments.models import Callback, Payment
from zampay.payments.service import TOKEN_LENGTH
from zampay.payments.states import State
from zampay.providers import registry

callbacks = Blueprint("callbacks", __name__, url_prefix=f"{PREFIX}/callbacks")
MOST_KEPT = 50
LOCK_S = 5
OUTCOMES = ("kept", "repeated", "over_limit", "unknown", "refused")
_TOKEN = re.compile(rf"[{ALPHABET}]{{{TOKEN_LENGTH}}}")


class CallbackUnknown(ZamPayError):
    """No payment has this token at this network."""

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
    """Keep a callback and look at its payment soon; the same body again changes nothing."""
    _check_source()
    found = None
    if registry.knows(provider) and _TOKEN.fullmatch(token):
        with transaction(queries.tenant_of_callback(provider, token)) as tx:
            found = queries.by_callback_token(tx, provider, token)
    if found is None:
        metrics.CALLBACKS.labels("unknown").inc()
        raise CallbackUnknown
    payment_id, tenant_id = found
    concerning(payment_id)
    metrics.CALLBACKS.labels(_take_in(payment_id, tenant_id)).inc()
    return Response(status=200)


def _take_in(payment_id: str, tenant_id: str) -> str:
    """Keep the body, unless somebody is keeping the same one now. Read only here, so that a
    stranger without a token cannot make us wait for one.
    """
    body = request.get_data(cache=False)
    digest = hashlib.sha256(body).hexdigest()
    lock = f"callback:{payment_id}:{digest}"
    if not redis_client.claim(lock, ttl_s=LOCK_S):
        return "repeated"
    try:
        return _keep(payment_id, tenant_id, body, digest)
    finally:
        redis_client.release(lock)


def _keep(payment_id: str, tenant_id: str, body: bytes, digest: str) -> str:
    """Store a body that is new, and make its payment due in the same transaction; what came of
    it: kept, repeated or over_limit.
    """
    with transaction(tenant_id) as tx:
        if queries.callbacks_seen(tx, payment_id)[0] >= MOST_KEPT:
            return "over_limit"
        row = insert(Callback).values(
            tenant_id=tenant_id,
            payment_id=payment_id,
            body_digest=digest,
            body=body,
            method=request.method,
            address=request.remote_addr,
        )
        kept = tx.session.execute(row.on_conflict_do_nothing().returning(Callback.id)).first()
        if kept is None:
            return "repeated"
        tx.session.execute(
            sa.update(Payment)
            .where(
                Payment.tenant_id == tenant_id,
                Payment.id == payment_id,
                Payment.state != State.PENDING,
            )
            .values(due_at=tx.now)
        )
        tx.ring("payments.enquire", payment_id=payment_id, tenant_id=tenant_id)
    return "kept"


def _check_source() -> None:
    allowed = current_app.config["CALLBACK_SOURCES"]
    if not allowed:
        return
    source = _source()
    if source is None or not any(source in network for network in allowed):
        metrics.CALLBACKS.labels("refused").inc()
        raise SourceNotAllowed


def _source() -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Where the request comes from, as the trusted proxies tell it; None if that is no address."""
    try:
        source = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return None
    return getattr(source, "ipv4_mapped", None) or source
