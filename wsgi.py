"""The web process: `granian --interface wsgi wsgi:app`, or any other WSGI server."""

import config
from zampay.app import create_app
from zampay.infra import db

app = create_app(config.load())
with app.app_context():
    db.check_role()
