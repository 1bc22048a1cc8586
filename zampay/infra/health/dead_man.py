"""A dead man's switch: a ping each minute to an address that calls somebody when it stays out.

Beat enqueues it and a worker makes it, after the same checks as `/health/ready?strict`. A ping says
that beat, the broker, a worker and the database work; its absence says that one of them does not.
"""

import structlog
from celery import shared_task
from flask import current_app

from zampay.infra.health import readiness
from zampay.infra.health.readiness import Verdict
from zampay.infra.http.outbound import NoReply, NotConnected, Outbound

EVERY_S = 60.0
CONNECT_S, READ_S = 3.0, 5.0
log = structlog.get_logger()


@shared_task(name="health.ping")  # type: ignore[untyped-decorator]
def ping() -> None:
    """Call DEAD_MAN_PING_URL if every check is well. The address is a secret: it is not logged."""
    failed = [check.name for check in readiness.examine() if check.verdict is not Verdict.OK]
    if failed:
        log.warning("dead_man_ping_withheld", failed=failed)
        return
    http = Outbound(connect_timeout_s=CONNECT_S, read_timeout_s=READ_S, status_is_enough=True)
    try:
        reply = http.send("GET", current_app.config["DEAD_MAN_PING_URL"], headers={})
    except (NotConnected, NoReply) as error:
        log.warning("dead_man_ping_failed", reason=str(error))
    else:
        log.info("dead_man_ping", status=reply.status)
