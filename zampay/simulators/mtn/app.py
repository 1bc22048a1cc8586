"""The simulator as a WSGI application: MTN's paths, and `/_admin`, which is ours alone."""

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from zampay.simulators.mtn import (
    misfortune,
    routes_account,
    routes_admin,
    routes_collection,
    routes_provisioning,
    routes_tokens,
)
from zampay.simulators.mtn.answers import Refused, empty, gateway_error
from zampay.simulators.mtn.network import EXTENSION, Network
from zampay.simulators.mtn.settings import SANDBOX, Settings

MEBIBYTE = 1024 * 1024


def create_app(settings: Settings) -> Flask:
    """A network of its own behind each application."""
    app = Flask(__name__)
    app.extensions[EXTENSION] = Network(settings)
    app.config["MAX_CONTENT_LENGTH"] = MEBIBYTE
    app.url_map.merge_slashes = False
    app.before_request(misfortune.before)
    app.after_request(misfortune.after)
    for routes in (routes_tokens, routes_collection, routes_account, routes_admin):
        app.register_blueprint(routes.blueprint)
    if settings.environment == SANDBOX:
        app.register_blueprint(routes_provisioning.blueprint)
    app.register_error_handler(Refused, lambda refused: refused.response)
    app.register_error_handler(HTTPException, unserved)
    return app


def unserved(error: HTTPException) -> Response:
    """What the gateway says to paths, verbs and sizes that it does not serve."""
    if error.code in (404, 405):
        return gateway_error(404, "Resource not found")
    return empty(error.code or 500)
