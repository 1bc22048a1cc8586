"""Payments of bills and airtime (MTN Collection API, v2 payment).

The sandbox decides by the amount. MTN does not say whose money moves; here it comes in, as with a
request to pay (README.md).
"""

from flask import Blueprint, Response, g

from zampay.simulators.core.answers import as_json, empty
from zampay.simulators.mtn import body, endings, strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.payment import BillPayment

blueprint = Blueprint("bills", __name__, url_prefix="/collection/v2_0")
OPERATION, PRODUCT = "payment", "collection"


@blueprint.before_request
def authenticate() -> None:
    """Every call needs the key, a token and the environment."""
    g.user = strictness.product_call(PRODUCT)


@blueprint.post("/payment")
def payment() -> Response:
    """202 and nothing else when the payment was accepted."""
    reference_id, callback_url = strictness.creation(g.user)
    order = body.bill(here().settings.currency)
    bill = BillPayment(
        reference_id=reference_id,
        external_id=order.external_id,
        msisdn=order.subject,
        amount=order.amount,
        currency=order.currency,
        callback_url=callback_url,
        callback_method="PUT",
        course=endings.bill(order.amount, here().settings.environment),
        product=PRODUCT,
        operation=OPERATION,
        order=order,
        user_id=g.user.reference_id,
    )
    is_new = here().create(bill, None)
    return empty(202) if is_new else platform_error(409, "RESOURCE_ALREADY_EXIST")


@blueprint.get("/payment/<reference_id>")
def poll(reference_id: str) -> Response:
    """The payment: 200 also when it failed, 404 for a reference of anything else."""
    return as_json(200, strictness.stored(reference_id, OPERATION, PRODUCT).shown())
