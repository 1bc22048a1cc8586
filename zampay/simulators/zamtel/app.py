"""The simulator as a WSGI application, with Zamtel's paths."""

from flask import Flask

from zampay.simulators.core import app
from zampay.simulators.zamtel import routes_payments
from zampay.simulators.zamtel.network import Network
from zampay.simulators.zamtel.settings import Settings


def create_app(settings: Settings) -> Flask:
    """One network for each application."""
    return app.create_app(Network(settings), [routes_payments.blueprint])
