"""`/_admin`: the journal, faults and controls. No real network has this."""

from typing import Any

from flask import Blueprint, Response, request

from zampay.simulators.core import faults
from zampay.simulators.core.answers import Refused, as_json, empty
from zampay.simulators.core.body import json_object
from zampay.simulators.core.network import here
from zampay.simulators.core.wallet import FAILED, FINAL, Payment

ADMIN = "admin"
blueprint = Blueprint(ADMIN, __name__, url_prefix="/_admin")
MOST_COPIES = 1000


def wrong(status: int, message: str) -> Refused:
    """A request to `/_admin` that cannot be served."""
    return Refused(as_json(status, {"error": message}))


@blueprint.get("/journal")
def journal() -> Response:
    """Every charge and payout, counted per reference and external id; requests and callbacks."""
    wallet = here().wallet
    shown = here().journal.shown(wallet.copy_of_charges(), wallet.copy_of_payouts())
    return as_json(200, shown)


@blueprint.get("/faults")
def faults_left() -> Response:
    """The faults that can still occur."""
    return as_json(200, here().faults.shown())


@blueprint.put("/faults")
def replace_faults() -> Response:
    """A list of faults instead of the present one; the random generators start again."""
    given = request.get_json()
    if not isinstance(given, list):
        raise wrong(400, "a list of faults")
    here().faults.replace([_fault(each) for each in given])
    return faults_left()


@blueprint.post("/faults")
def add_fault() -> Response:
    """One more fault."""
    here().faults.add(_fault(request.get_json()))
    return faults_left()


@blueprint.delete("/faults")
def clear_faults() -> Response:
    """No faults."""
    here().faults.replace([])
    return faults_left()


@blueprint.post("/release")
def release() -> Response:
    """Let every hanging request continue."""
    here().release()
    return empty(204)


@blueprint.post("/tokens/expire")
def expire_tokens() -> Response:
    """End all tokens."""
    return as_json(200, {"expired": here().expire_tokens()})


@blueprint.post("/settle")
def settle() -> Response:
    """{"referenceId", "status", "reason"?}: end a payment now; 409 when it has already ended."""
    given = json_object()
    payment, status = _payment(given), given.get("status")
    if status not in FINAL:
        raise wrong(400, f"status: one of {FINAL}")
    reason = str(given.get("reason", here().default_reason))
    if not here().wallet.settle(payment, status, reason if status == FAILED else None):
        raise wrong(409, f"already {payment.status}")
    return empty(204)


@blueprint.post("/callbacks")
def send_callbacks() -> Response:
    """{"referenceId", "copies"?, "body"?}: send callbacks at once and wait; text is sent raw."""
    given = json_object()
    payment, copies = _payment(given), given.get("copies", 1)
    if payment.callback_url is None:
        raise wrong(409, "this payment has no callback URL")
    if not isinstance(copies, int) or not 1 <= copies <= MOST_COPIES:
        raise wrong(400, f"copies: 1 to {MOST_COPIES}")
    here().callbacks.send_copies(payment, copies, given.get("body"))
    return as_json(200, {"sent": copies})


@blueprint.post("/reset")
def reset() -> Response:
    """Forget everything but the credentials."""
    here().reset()
    return empty(204)


def _fault(given: object) -> faults.Fault:
    try:
        return faults.read(given, here().operations)
    except faults.ImpossibleFault as error:
        raise wrong(400, str(error)) from error


def _payment(given: dict[str, Any]) -> Payment:
    payment = here().wallet.get(str(given.get("referenceId")))
    if payment is None:
        raise wrong(404, "no such payment")
    return payment
