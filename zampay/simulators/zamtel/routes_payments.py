"""Payments, which are answered when the payer has answered, and the enquiry about them."""

import itertools

from flask import Blueprint, Response

from zampay.simulators.core.answers import Refused, Reset, as_json
from zampay.simulators.core.wallet import SUCCESSFUL
from zampay.simulators.zamtel import endings, strictness
from zampay.simulators.zamtel.answers import SUCCESS, answered
from zampay.simulators.zamtel.network import here
from zampay.simulators.zamtel.payment import ZamtelPayment
from zampay.simulators.zamtel.settings import ON

blueprint = Blueprint("zamtel", __name__)


@blueprint.get("/<any(ZampayRest, ZampayRestProd):base>/Req")
def payment(base: str) -> Response:  # noqa: ARG001 - in the path
    """Ask the payer, wait, and say how it ended. The same id again is another payment."""
    wanted = strictness.request_to_pay()
    ending = endings.ending(wanted.msisdn)
    course = endings.course(ending)
    if isinstance(course, endings.Refusal):
        raise strictness.refusal(wanted.conversation_id, course.code)
    for again in itertools.count():
        made = ZamtelPayment(
            reference_id=wanted.conversation_id + (f"#{again}" if again else ""),
            conversation_id=wanted.conversation_id,
            external_id=wanted.reference,
            msisdn=wanted.msisdn,
            amount=wanted.amount,
            currency="ZMW",
            callback_url=None,
            course=course,
        )
        if here().create(made, ending):
            break
    if not here().wallet.wait(made):
        raise Refused(Reset())
    code = SUCCESS if made.status == SUCCESSFUL else str(made.reason)
    key = here().settings.success_as
    return answered(made.conversation_id, code, key=key, transaction_id=made.receipt)


@blueprint.get("/status/<conversation_id>")
def enquiry(conversation_id: str) -> Response:
    """What became of the first payment of this id."""
    if here().settings.enquiry != ON:
        return here().error(404)
    strictness.enquiry()
    found = here().wallet.get(conversation_id)
    return here().not_found() if found is None else as_json(200, found.shown())
