"""A payment that only a person can decide: the network's figures differ from ours."""

from flask import Flask

from tests.doors import ScriptedNetwork, report
from tests.merchants import Merchant
from tests.payments.scenes import in_state, look, processing
from zampay.payments.models import Payment
from zampay.payments.states import State


def in_review(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Payment:
    """Live money in review, with one open discrepancy."""
    payment = processing(app, merchant, network)
    network.enquiry_answers.append(report("SUCCESSFUL", amount="1.00"))
    look(app, payment)
    return in_state(app, payment, State.IN_REVIEW)
