"""Pushes and polls (Airtel: Collection, v1 and v2 of the path)."""

from flask import Blueprint, Response

from zampay.kernel import sandbox_numbers
from zampay.simulators.airtel import answers, body, endings, strictness
from zampay.simulators.airtel.network import here
from zampay.simulators.airtel.payment import AirtelPayment
from zampay.simulators.core.answers import as_json

blueprint = Blueprint("payments", __name__)


@blueprint.before_request
def authenticate() -> None:
    """Every call needs a token, the headers and the product."""
    strictness.product_call("collection")


@blueprint.post("/merchant/<any(v1, v2):version>/payments/")
def push(version: str) -> Response:  # noqa: ARG001 - both are served alike
    """200 when the prompt was sent; the payment comes later. Most refusals are 200, too."""
    strictness.signature()
    wanted = body.push()
    msisdn = f"260{wanted.msisdn}"
    ending = sandbox_numbers.ending(msisdn)
    course = endings.course(ending)
    if isinstance(course, endings.Refusal):
        return answers.refused(course.code, http=course.http, message=course.message)
    payment = AirtelPayment(
        reference_id=wanted.id,
        external_id=wanted.reference,
        msisdn=msisdn,
        amount=wanted.amount,
        currency=body.CURRENCY,
        callback_url=here().settings.callback_url,
        course=course,
    )
    if not here().create(payment, ending):
        return answers.refused(None, result="ESB000041")
    return answers.accepted(
        "DP00800001006", {"transaction": {"id": wanted.id, "status": "Success."}}
    )


@blueprint.get("/standard/v1/payments/<reference_id>")
def poll(reference_id: str) -> Response:
    """The payment by our id: 200 also when it failed."""
    payment = here().wallet.get(reference_id)
    return here().not_found() if payment is None else as_json(200, payment.shown())
