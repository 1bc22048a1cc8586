"""Requests to pay: create, ask, and the delivery notification (MTN Collection API)."""

import time

from flask import Blueprint, Response, g, request

from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.mtn import body, endings, strictness
from zampay.simulators.mtn.answers import Reset, as_json, empty, page, platform_error
from zampay.simulators.mtn.credentials import ApiUser
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.shape import shown
from zampay.simulators.mtn.wallet import Payment

blueprint = Blueprint("collection", __name__, url_prefix="/collection/v1_0")
NOTIFICATION_LENGTH = 160


@blueprint.before_request
def authenticate() -> None:
    """Every call needs the key, a token and the environment."""
    g.user = strictness.product_call("collection")


@blueprint.post("/requesttopay")
def requesttopay() -> Response:
    """202 and nothing else when the request was taken; the payment comes later."""
    user: ApiUser = g.user
    reference_id = strictness.reference_id()
    callback_url = strictness.callback_url(user)
    wanted = body.request_to_pay(here().settings.currency)
    ending = endings.ending(wanted.payer["partyId"], here().settings.environment)
    course = _course(ending)
    if isinstance(course, endings.Refusal):
        return platform_error(course.status, course.code)
    if ending is Ending.RESET_BEFORE_STORING and here().wallet.drop_first(reference_id):
        return Reset()
    payment = _payment(reference_id, wanted, ending, user, callback_url)
    if not here().wallet.add(payment, course.seconds(here().settings)):
        return platform_error(409, "RESOURCE_ALREADY_EXIST")
    return _answer(payment, ending)


def _course(ending: Ending | None) -> endings.Course | endings.Refusal:
    return endings.REQUEST_TO_PAY[ending] if ending else endings.PAYS


def _payment(
    reference_id: str,
    wanted: body.RequestToPay,
    ending: Ending | None,
    user: ApiUser,
    callback_url: str | None,
) -> Payment:
    course = _course(ending)
    assert isinstance(course, endings.Course), "a refusal creates nothing"
    return Payment(
        reference_id=reference_id,
        external_id=wanted.external_id,
        amount=endings.charged(wanted.amount, ending),
        currency=wanted.currency,
        payer=wanted.payer,
        payer_message=wanted.payer_message,
        payee_note=wanted.payee_note,
        user_id=user.reference_id,
        callback_url=callback_url,
        status=course.first,
        last=course.last,
        last_reason=course.reason,
    )


def _answer(payment: Payment, ending: Ending | None) -> Response:
    """202, or what a number of ours makes of it once the money has moved."""
    if ending not in (Ending.ANSWER_LOST_AFTER_CHARGE, Ending.ERROR_AFTER_CHARGE):
        return empty(202)
    here().wallet.charge_now(payment)
    return Reset() if ending is Ending.ANSWER_LOST_AFTER_CHARGE else page(500)


@blueprint.get("/requesttopay/<reference_id>")
def enquiry(reference_id: str) -> Response:
    """The payment: 200 also when it failed, 404 when this reference was never stored."""
    payment = here().wallet.get(strictness.uuid4(reference_id))
    if payment is None:
        return platform_error(404, "RESOURCE_NOT_FOUND")
    return as_json(200, shown(payment))


@blueprint.post("/requesttopay/<reference_id>/deliverynotification")
def deliverynotification(reference_id: str) -> Response:
    """Tell the payer of a successful payment something, once and not too late."""
    payment = here().wallet.get(strictness.uuid4(reference_id))
    message = request.headers.get("notificationMessage")
    if body.json_object().get("notificationMessage") is None or not message:
        return empty(400)
    if len(message) > NOTIFICATION_LENGTH:
        return empty(400)
    if payment is None or payment.user_id != g.user.reference_id:
        return platform_error(404, "RESOURCE_NOT_FOUND")
    if payment.status != "SUCCESSFUL" or payment.final_s is None:
        return empty(409)
    if time.monotonic() - payment.final_s > here().settings.notify_s:
        return empty(410)
    return empty(200 if here().wallet.notify(payment) else 429)
