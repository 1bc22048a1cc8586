"""The web process: `granian --interface wsgi wsgi:app`, or any other WSGI server; and what the
operator's commands (`flask --app wsgi …`) run in, as the owner of the tables.
"""

# ruff: noqa: E402 - how counts are shared is decided when prometheus_client is first imported, and
# a wrong environment is said before the rest is imported: granian gives up on what fails at once
import os

from zampay.infra import shared_metrics

shared_metrics.prepare()

import config

settings = config.load()

from zampay.app import create_app
from zampay.infra import db

app = create_app(settings, as_owner=os.environ.get("FLASK_RUN_FROM_CLI") == "true")
with app.app_context():
    db.check_role()
