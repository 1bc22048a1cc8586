"""The simulator as a WSGI application, with MTN's paths."""

from flask import Flask

from zampay.simulators.core import app
from zampay.simulators.mtn import (
    routes_account,
    routes_bills,
    routes_collection,
    routes_consent,
    routes_payouts,
    routes_provisioning,
    routes_tokens,
)
from zampay.simulators.mtn.network import Network
from zampay.simulators.mtn.settings import SANDBOX, Settings


def create_app(settings: Settings) -> Flask:
    """One network for each application; only the sandbox has provisioning."""
    served = [
        routes_tokens,
        routes_collection,
        routes_bills,
        routes_payouts,
        routes_account,
        routes_consent,
    ]
    served += [routes_provisioning] if settings.environment == SANDBOX else []
    return app.create_app(Network(settings), [routes.blueprint for routes in served])
