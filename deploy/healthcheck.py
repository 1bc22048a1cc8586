#!/usr/bin/env python
"""Is the process of this container alive? Status 0 when it is; for Docker's HEALTHCHECK.

A web process has to answer, a worker has to answer on the broker; of others Docker itself sees
whether they are there. `/health/ready` tells more, but a restart would not help there.
"""

import os
import socket
import sys
import urllib.request
from pathlib import Path

from celery import Celery

STARTED = Path("/tmp/zampay-process")  # noqa: S108 - the container's own, written by `start`


def main() -> bool:
    """Ask the process that `start` started here."""
    match STARTED.read_text().strip() if STARTED.exists() else "web":
        case "web":
            return web_answers(os.environ.get("PORT") or "8000")
        case "worker":
            return worker_answers(f"celery@{socket.gethostname()}")
    return True


def web_answers(port: str) -> bool:
    """Whether it is there; no proxy stands between a container and itself."""
    url = f"http://127.0.0.1:{port}/health/live"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=4) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def worker_answers(name: str) -> bool:
    """Whether the worker answers a ping on the broker."""
    file = os.environ.get("REDIS_URL_FILE")
    url = os.environ.get("REDIS_URL") or (Path(file).read_text().strip() if file else None)
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from zampay.kernel.redis_url import verified  # a certificate is verified here, too

    with Celery(broker=verified(url) if url else None) as celery:
        return bool(celery.control.ping(destination=[name], timeout=3))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
