"""Payments over REST: parse, the caller from the key, one call, answer."""

import re
from datetime import datetime
from typing import Any

from flask import g, request, url_for

from zampay.infra.database.db import transaction
from zampay.infra.telemetry.access_log import concerning
from zampay.infra.web import openapi
from zampay.infra.web.api import blueprint, no_members
from zampay.kernel.errors import InvalidField
from zampay.payments import examples, finishing, history_schemas, query_schemas, schemas
from zampay.payments import explain as explanation
from zampay.providers.failures import FailureCode
from zampay.providers.profile import Kind
from zampay.tenants.auth import Caller, requires
from zampay.tenants.scopes import Scope
from zampay.transfers import create as creation
from zampay.transfers import queries, routing, states, views
from zampay.transfers.models import Transfer
from zampay.transfers.states import State, Status

payments = blueprint("payments", "Take money from a payer, and learn how it ended.")
IDEMPOTENCY_KEY = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_KEY_PARAMETER = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "Beside `externalId`, where a library of yours sends one; same rules.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


@payments.route("/payments", methods=["POST"])
@payments.doc(operationId="createPayment", parameters=[_KEY_PARAMETER])
@requires(Scope.PAYMENTS_WRITE)
@payments.arguments(schemas.PaymentRequest)
@payments.response(
    202,
    views.PaymentView,
    description="Accepted; the payer is asked in the next second",
    example=examples.ACCEPTED,
    headers=openapi.headers("Location"),
)
@payments.alt_response(
    200,
    schema=views.PaymentView,
    description="Replay of the same request",
    example=examples.ACCEPTED,
    headers=openapi.headers("Location", "Idempotent-Replayed"),
)
def create(wanted: dict[str, Any], *, caller: Caller) -> Any:
    """Ask a payer for money.

    The answer comes before the payer is asked: read the payment again, or listen to webhooks, to
    learn how it ended. After no answer, 429, 500 or 503 send the same request again: the same
    `externalId` never charges twice.
    """
    payment, replayed = creation.accept(
        tenant_id=caller.tenant_id,
        livemode=caller.livemode,
        wanted=routing.route(Kind.PAYMENT, wanted, livemode=caller.livemode),
        idempotency_key=_idempotency_key(),
        request_id=g.request_id,
    )
    concerning(payment.id)
    headers = {"Location": url_for("payments.show", payment_id=payment.id)}
    if replayed:
        return payment, 200, {**headers, "Idempotent-Replayed": "true"}
    return payment, 202, headers


@payments.route("/payments", methods=["GET"])
@payments.doc(operationId="listPayments")
@requires(Scope.PAYMENTS_READ)
@payments.arguments(query_schemas.PaymentQuery, location="query")
@payments.response(200, query_schemas.PaymentPage, example=examples.PAGE)
def index(query: dict[str, Any], *, caller: Caller) -> Any:
    """List payments, newest first.

    Of the mode of the key, test or live. Without a filter all of them, a page at a time.
    """
    limit = query["limit"]
    with transaction(caller.tenant_id) as tx:
        found = queries.page(
            tx,
            Kind.PAYMENT,
            livemode=caller.livemode,
            wanted=_filter(query),
            before=_key(query["after"]),
            limit=limit + 1,
        )
    more = len(found) > limit
    end = found[limit - 1] if more else None
    return {
        "data": found[:limit],
        "has_more": more,
        "next_cursor": [end.created_at.isoformat(), end.id] if end else None,
    }


@payments.route("/payments/<payment_id>", methods=["GET"])
@payments.doc(operationId="getPayment")
@requires(Scope.PAYMENTS_READ)
@payments.response(200, views.PaymentView, examples=examples.ENDINGS)
def show(*, payment_id: str, caller: Caller) -> Any:
    """Read one payment.

    As it stands now. Ask every two seconds for the first minute, then less and less often.
    """
    return _found(payment_id, caller)


@payments.route("/payments/<payment_id>/events", methods=["GET"])
@payments.doc(operationId="getPaymentHistory")
@requires(Scope.PAYMENTS_READ)
@payments.response(200, history_schemas.History, example=examples.HISTORY)
def history(*, payment_id: str, caller: Caller) -> Any:
    """Read the history of a payment.

    Each change of its status, oldest first: when, and by what evidence.
    """
    _found(payment_id, caller)
    with transaction(caller.tenant_id) as tx:
        return {"data": queries.transitions(tx, payment_id)}


@payments.route("/payments/<payment_id>/explain", methods=["GET"])
@payments.doc(operationId="explainPayment")
@requires(Scope.PAYMENTS_READ)
@payments.response(200, schemas.ExplanationView, example=examples.EXPLANATION)
def explain(*, payment_id: str, caller: Caller) -> Any:
    """Explain where a payment stands.

    Why it stands where it stands, what happens next, and whether a new payment for the same order
    could charge twice.
    """
    payment = _found(payment_id, caller)
    with transaction(caller.tenant_id) as tx:
        return explanation.explain(tx, payment)


@payments.route("/payments/<payment_id>/cancel", methods=["POST"])
@payments.doc(operationId="cancelPayment")
@requires(Scope.PAYMENTS_WRITE)
@no_members(payments)
@payments.response(200, views.PaymentView, example=examples.CANCELLED)
def cancel(*, payment_id: str, caller: Caller) -> Any:
    """Cancel a payment.

    Only while nothing of it has been sent to the network; after that it is 409
    `not_cancellable`. It ends FAILED with the code `cancelled`.
    """
    return creation.cancel(
        kind=Kind.PAYMENT,
        tenant_id=caller.tenant_id,
        livemode=caller.livemode,
        transfer_id=payment_id,
        actor=caller.key_id,
        address=caller.address,
    )


@payments.route("/test/payments/<payment_id>/finish", methods=["POST"])
@payments.doc(operationId="finishTestPayment")
@requires(Scope.PAYMENTS_WRITE)
@payments.arguments(query_schemas.FinishRequest)
@payments.response(200, views.PaymentView, example=examples.FINISHED)
def finish(wanted: dict[str, Any], *, payment_id: str, caller: Caller) -> Any:
    """End a test payment as you like.

    To see what your own pages make of it: event and webhook follow as always, and the history says
    `test` for its evidence. From IN_REVIEW a second call ends it.
    """
    code = wanted.get("failure_code")
    return finishing.finish(
        tenant_id=caller.tenant_id,
        livemode=caller.livemode,
        transfer_id=payment_id,
        ending=finishing.Ending(State(wanted["status"]), FailureCode(code) if code else None),
    )


def _found(payment_id: str, caller: Caller) -> Transfer:
    with transaction(caller.tenant_id) as tx:
        return queries.found(tx, Kind.PAYMENT, payment_id, livemode=caller.livemode)


def _filter(query: dict[str, Any]) -> queries.Filter:
    statuses = query["status"]
    return queries.Filter(
        external_ids=query["external_id"],
        states=[state for one in sorted(set(statuses)) for state in states.states_of(Status(one))]
        if statuses
        else None,
        providers=sorted(set(query["provider"])) if query["provider"] else None,
        wallet_ids=sorted(set(query["wallet_id"])) if query["wallet_id"] else None,
        msisdns=query["msisdn"],
        provider_transaction_ids=query["provider_transaction_id"],
        metadata=query["metadata"],
        created_from=query["created_from"],
        created_to=query["created_to"],
    )


def _key(cursor: list[str] | None) -> tuple[datetime, str] | None:
    return (datetime.fromisoformat(cursor[0]), cursor[1]) if cursor else None


def _idempotency_key() -> str | None:
    given = request.headers.get(IDEMPOTENCY_KEY)
    if given is not None and not _KEY.fullmatch(given):
        message = "must be 1 to 255 printable ASCII characters without spaces"
        raise InvalidField({IDEMPOTENCY_KEY: message})
    return given
