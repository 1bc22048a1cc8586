"""The worker and beat processes: `celery --app celery_worker worker`, `… beat`."""

import config
from zampay.app import celery_of, create_app
from zampay.infra import db

flask_app = create_app(config.load())
with flask_app.app_context():
    db.check_role()

celery_app = celery_of(flask_app)
