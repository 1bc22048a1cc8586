"""What the gateway knows of a payment, by the codes that an explanation's sentence is made of."""

from flask import Flask

from tests.support.fakes import stored
from zampay.infra.database.db import transaction
from zampay.payments.explain import Explanation, explain
from zampay.payments.reasons import Reason
from zampay.transfers.models import Transfer


def explanation(app: Flask, payment: Transfer) -> Explanation:
    """What `GET …/explain` shows, with its codes, which it does not show."""
    with app.app_context(), transaction(payment.tenant_id) as tx:
        return explain(tx, stored(app, payment.id))


def reason(app: Flask, payment: Transfer) -> Reason:
    return explanation(app, payment).reason
