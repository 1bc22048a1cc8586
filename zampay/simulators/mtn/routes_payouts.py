"""Money out: transfers, deposits and refunds (MTN: Disbursement and Remittance API).

A transfer and a deposit pay a number. A refund names a request to pay and pays its payer, from the
wallet of disbursement. The spec calls back by POST for v1 and by PUT for v2 of deposit and refund.
"""

from flask import Blueprint, Response, g

from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.answers import Refused, as_json, empty
from zampay.simulators.core.body import Malformed
from zampay.simulators.core.wallet import PAYS, SUCCESSFUL, Course
from zampay.simulators.mtn import body, endings, strictness
from zampay.simulators.mtn.answers import platform_error
from zampay.simulators.mtn.network import here
from zampay.simulators.mtn.payment import MtnPayment
from zampay.simulators.mtn.settings import SANDBOX

PREFIX, DISBURSEMENT = "/<any(disbursement, remittance):product>", "/disbursement"
CALLS_BACK_BY = {"v1_0": "POST", "v2_0": "PUT"}
blueprint = Blueprint("payouts", __name__)


@blueprint.before_request
def authenticate() -> None:
    """Every call needs the product's key, a token for it and the environment."""
    g.product = strictness.path_product("disbursement")
    g.user = strictness.product_call(g.product)


@blueprint.post(f"{PREFIX}/v1_0/transfer")
def transfer(product: str) -> Response:  # noqa: ARG001 - in the path
    """202 and nothing else when the transfer was accepted."""
    reference_id, callback_url = strictness.creation(g.user)
    order = body.with_party("payee", here().settings.currency)
    ending = endings.transfer(order.subject, here().settings.environment)
    payout = _payout("transfer", order, reference_id, callback_url, endings.payout_course(ending))
    return _created(payout, ending)


@blueprint.post(f"{DISBURSEMENT}/<any(v1_0, v2_0):version>/deposit")
def deposit(version: str) -> Response:
    """As a transfer, but the test numbers mean what they mean for a request to pay."""
    reference_id, callback_url = strictness.creation(g.user)
    order = body.with_party("payee", here().settings.currency)
    ending = endings.ending(order.subject, here().settings.environment)
    payout = _payout("deposit", order, reference_id, callback_url, endings.payout_course(ending))
    payout.callback_method = CALLS_BACK_BY[version]
    return _created(payout, ending)


@blueprint.post(f"{DISBURSEMENT}/<any(v1_0, v2_0):version>/refund")
def refund(version: str) -> Response:
    """Accepted also when there is nothing to refund: the poll says so (README.md)."""
    reference_id, callback_url = strictness.creation(g.user)
    order = body.refund(here().settings.currency)
    payout = _payout("refund", order, reference_id, callback_url, _course_of_refund(order.subject))
    refunded = here().wallet.get(order.subject)
    payout.msisdn = refunded.msisdn if refunded else ""
    payout.callback_method = CALLS_BACK_BY[version]
    return _created(payout, None)


@blueprint.get(f"{PREFIX}/v1_0/<any(transfer):operation>/<reference_id>")
@blueprint.get(f"{DISBURSEMENT}/v1_0/<any(deposit, refund):operation>/<reference_id>")
def poll(operation: str, reference_id: str, product: str = "") -> Response:  # noqa: ARG001
    """The payout: 200 also when it failed, 404 for a reference of anything else."""
    return as_json(200, strictness.stored(reference_id, operation, g.product).shown())


def _course_of_refund(target: str) -> Course | endings.Refusal:
    """By the sandbox's ids, else by what is known of the request to pay."""
    if here().settings.environment == SANDBOX and target in endings.REFUND:
        return endings.REFUND[target]
    if not strictness.is_uuid4(target):
        raise Malformed("referenceIdToRefund")
    refunded = here().wallet.get(target)
    if not isinstance(refunded, MtnPayment) or refunded.operation != "requesttopay":
        return Course(last="FAILED", reason="RESOURCE_NOT_FOUND")
    if refunded.status != SUCCESSFUL:
        return Course(last="FAILED", reason="NOT_ALLOWED")
    return PAYS


def _payout(
    operation: str,
    order: body.Order,
    reference_id: str,
    callback_url: str | None,
    course: Course | endings.Refusal,
) -> MtnPayment:
    if isinstance(course, endings.Refusal):
        raise Refused(platform_error(course.status, course.code))
    return MtnPayment(
        reference_id=reference_id,
        external_id=order.external_id,
        msisdn=order.subject,
        amount=order.amount,
        currency=order.currency,
        callback_url=callback_url,
        course=course,
        product=g.product,
        is_payout=True,
        operation=operation,
        order=order,
        user_id=g.user.reference_id,
    )


def _created(payout: MtnPayment, ending: Ending | None) -> Response:
    is_new = here().create(payout, ending)
    return empty(202) if is_new else platform_error(409, "RESOURCE_ALREADY_EXIST")
