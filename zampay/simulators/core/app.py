"""A simulator as a WSGI application: the network's paths, and `/_admin`."""

from collections.abc import Iterable

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException

from zampay.simulators.core import injection, routes
from zampay.simulators.core.answers import Refused
from zampay.simulators.core.network import EXTENSION, Network

MEBIBYTE = 1024 * 1024


def create_app(network: Network, blueprints: Iterable[Blueprint]) -> Flask:
    """One application for one network."""
    app = Flask(__name__)
    app.extensions[EXTENSION] = network
    app.config["MAX_CONTENT_LENGTH"] = MEBIBYTE
    app.url_map.merge_slashes = False
    app.before_request(injection.before)
    app.after_request(injection.after)
    for blueprint in (*blueprints, routes.blueprint):
        app.register_blueprint(blueprint)
    app.register_error_handler(Refused, lambda refused: refused.response)
    app.register_error_handler(HTTPException, network.unserved)
    return app
