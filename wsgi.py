"""The application for the web process: `python -m zampay.web wsgi:app` (the Procfile says how), or
any other WSGI server (docs/operations.md says what such a one has to bring); and what the
operator's commands (`flask --app wsgi …`) run in, as the owner of the tables.
"""

# ruff: noqa: E402 - how counts are shared is decided when prometheus_client is first imported, and
# a wrong environment is said before the rest is imported: what fails at once is not tried again
import os

from zampay.infra.telemetry import shared_metrics

shared_metrics.prepare()

import config

settings = config.load()

from zampay.app import create_app
from zampay.infra.database import db

app = create_app(settings, as_owner=os.environ.get("FLASK_RUN_FROM_CLI") == "true")
with app.app_context():
    db.check_role()
