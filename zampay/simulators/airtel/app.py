"""The simulator as a WSGI application, with Airtel's paths."""

from flask import Flask

from zampay.simulators.airtel import routes_account, routes_payments, routes_tokens
from zampay.simulators.airtel.network import Network
from zampay.simulators.airtel.settings import Settings
from zampay.simulators.core import app


def create_app(settings: Settings) -> Flask:
    """One network for each application."""
    served = (routes_tokens, routes_payments, routes_account)
    return app.create_app(Network(settings), [routes.blueprint for routes in served])
