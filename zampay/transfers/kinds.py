"""What a transfer is, as data. The engine moves every kind alike; what differs stands here.

A new kind is a row here, its view, and routes of its own; no state, table or worker is added.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import marshmallow as ma

from zampay.kernel.errors import ZamPayError
from zampay.providers.profile import Kind
from zampay.transfers.states import State
from zampay.transfers.views import PaymentView
from zampay.webhooks import event_types


class PaymentNotFound(ZamPayError):
    """No such payment of this tenant in this mode."""

    code = "payment_not_found"
    status = 404
    title = "There is no such payment"
    advice = "check the `pay_…` id, and whether the key is test or live"


@dataclass(frozen=True, slots=True)
class KindRule:
    """All there is to know about a kind.

    `events`: the merchant's event for a state; a state without one is not told. `view`: the body of
    these events. `prompts_payer`: counted by `number_limits`. `cancellable`: the merchant may take
    it back while it is not sent.
    """

    id_prefix: str
    view: ma.Schema
    events: Mapping[State, str]
    not_found: type[ZamPayError]
    prompts_payer: bool = False
    cancellable: bool = False


RULES: Mapping[Kind, KindRule] = {
    Kind.PAYMENT: KindRule(
        id_prefix="pay",
        view=PaymentView(),
        events={
            State.PROCESSING: event_types.PAYMENT_PROCESSING,
            State.SUCCESSFUL: event_types.PAYMENT_SUCCESSFUL,
            State.FAILED: event_types.PAYMENT_FAILED,
            State.IN_REVIEW: event_types.PAYMENT_IN_REVIEW,
        },
        not_found=PaymentNotFound,
        prompts_payer=True,
        cancellable=True,
    ),
}


def rule(kind: str) -> KindRule:
    """The rule of a stored kind."""
    return RULES[Kind(kind)]
