"""Requests to pay: create, poll, and the delivery notification (MTN Collection API)."""

import time

from flask import Blueprint, Response, g, request

from zampay.simulators.core.answers import as_json, empty
from zampay.simulators.core.body import json_object
from zampay.simulators.core.wallet import SUCCESSFUL
from zampay.simulators.mtn import body, endings, strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.credentials import ApiUser
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.payment import MtnPayment

blueprint = Blueprint("collection", __name__, url_prefix="/collection/v1_0")
NOTIFICATION_LENGTH = 160
OPERATION = "requesttopay"


@blueprint.before_request
def authenticate() -> None:
    """Every call needs the key, a token and the environment."""
    g.user = strictness.product_call("collection")


@blueprint.post("/requesttopay")
def requesttopay() -> Response:
    """202 and nothing else when the request was accepted; the payment comes later."""
    user: ApiUser = g.user
    reference_id = strictness.reference_id()
    callback_url = strictness.callback_url(user)
    wanted = body.with_party("payer", here().settings.currency)
    ending = endings.ending(wanted.subject, here().settings.environment)
    course = endings.course(ending)
    if isinstance(course, endings.Refusal):
        return platform_error(course.status, course.code)
    payment = MtnPayment(
        reference_id=reference_id,
        external_id=wanted.external_id,
        msisdn=wanted.subject,
        amount=wanted.amount,
        currency=wanted.currency,
        callback_url=callback_url,
        course=course,
        product="collection",
        operation=OPERATION,
        order=wanted,
        user_id=user.reference_id,
    )
    is_new = here().create(payment, ending)
    return empty(202) if is_new else platform_error(409, "RESOURCE_ALREADY_EXIST")


@blueprint.get("/requesttopay/<reference_id>")
def poll(reference_id: str) -> Response:
    """The payment: 200 also when it failed, 404 when this reference was never stored."""
    return as_json(200, strictness.stored(reference_id, OPERATION, "collection").shown())


@blueprint.post("/requesttopay/<reference_id>/deliverynotification")
def deliverynotification(reference_id: str) -> Response:
    """Send the payer of a successful payment a message, once and not too late."""
    payment = here().wallet.get(strictness.uuid4(reference_id))
    message = request.headers.get("notificationMessage")
    if json_object().get("notificationMessage") is None or not message:
        return empty(400)
    if len(message) > NOTIFICATION_LENGTH:
        return empty(400)
    mine = (OPERATION, g.user.reference_id)
    if not isinstance(payment, MtnPayment) or (payment.operation, payment.user_id) != mine:
        return here().not_found()
    if payment.status != SUCCESSFUL or payment.final_s is None:
        return empty(409)
    if time.monotonic() - payment.final_s > here().settings.notify_s:
        return empty(410)
    return empty(200 if next(payment.notifications) == 0 else 429)
