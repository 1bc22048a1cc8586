"""The web process: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

from zampay.infra import shared_metrics

shared_metrics.prepare()

# ruff: noqa: E402 - how counts are shared is decided when prometheus_client is first imported
import config
from zampay.app import create_app
from zampay.infra import db

app = create_app(config.load())
with app.app_context():
    db.check_role()
