"""A payment that only a person can decide: the network's figures differ from ours."""

from flask import Flask

from tests.support.fakes import ScriptedNetwork, result
from tests.support.given import in_state, look, processing
from tests.support.merchants import Merchant
from zampay.transfers.models import Transfer
from zampay.transfers.states import State


def in_review(app: Flask, merchant: Merchant, network: ScriptedNetwork) -> Transfer:
    """Live money in review, with one open discrepancy."""
    transfer = processing(app, merchant, network)
    network.poll_answers.append(result("SUCCESSFUL", amount="1.00"))
    look(app, transfer)
    return in_state(app, transfer, State.IN_REVIEW)
