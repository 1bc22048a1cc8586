"""Is this process alive, and is it ready for work? For Docker, Kubernetes and Heroku alike."""

import sqlalchemy as sa
from flask import Blueprint, Response, jsonify

from zampay.infra.db import db

health = Blueprint("health", __name__, url_prefix="/health")


@health.get("/live")
def live() -> Response:
    """200 as long as the process answers; touches nothing else."""
    return jsonify(status="alive")


@health.get("/ready")
def ready() -> tuple[Response, int]:
    """200 when the database answers, otherwise 503."""
    try:
        with db.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return jsonify(status="unavailable", database="away"), 503
    return jsonify(status="ready", database="ok"), 200
