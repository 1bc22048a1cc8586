"""The application for the web process (`zampay web`), or for another WSGI server, of which
docs/operations.md says what it has to bring; and what the operator's commands (`zampay …`,
`flask --app wsgi …`) run in, as the owner of the tables.
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

is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
app = create_app(settings, as_owner=is_command)
with app.app_context():
    db.check_role()
if is_command:
    from zampay.cli.commands import add_operators_commands  # here: the web process has none of them

    add_operators_commands(app.cli)
