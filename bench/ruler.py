"""The rulers: bare programs on the same machine, beside which the gateway's figures are read."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import celery
import psycopg
import redis
import requests

from bench import autocannon
from bench.autocannon import Figures
from bench.bare_path import Path
from dev import postgres
from dev.environment import DATA, LOOPBACK, ROOT, DevError, await_condition, free_port
from dev.servers import as_postgresql
from dev.stack import Stack
from dev.supervisor import Process

PYTHON: Final = DATA / "bench" / "bin" / "python"
NO_OPS: Final = 4000
_PGBENCH: Final = """
BEGIN;
INSERT INTO orders VALUES (gen_random_uuid(), gen_random_uuid(), '12.50', '260963123400', 'P');
INSERT INTO orders VALUES (gen_random_uuid(), gen_random_uuid(), '12.50', '260963123400', 'P');
COMMIT;
"""


def prepare(stack: Stack) -> None:
    """Make the table of the rulers.

    Raises:
        DevError: their packages are not here.
    """
    if not PYTHON.exists():
        raise DevError("The rulers' packages are not here: `make bench` fetches them.")
    with psycopg.connect(as_postgresql(stack.servers.database_url), autocommit=True) as link:
        link.execute("""
            CREATE TABLE IF NOT EXISTS orders (
                id text PRIMARY KEY, external_id text UNIQUE, amount text, msisdn text, state text)
        """)


def flask(stack: Stack, *, seconds: float) -> Figures:
    """Flask and Flask-SQLAlchemy on gunicorn, two processes of eight threads."""
    with _gunicorn(stack) as url:
        return autocannon.run(f"{url}/orders", seconds=seconds)


def call_in_request(stack: Stack, *, seconds: float) -> Figures:
    """The same, with a network of 120 ms called inside the request."""
    with _fastapi(stack) as network, _gunicorn(stack, NETWORK_URL=f"{network}/network") as url:
        return autocannon.run(f"{url}/orders-in-request", seconds=seconds)


def fastapi(stack: Stack, *, seconds: float) -> Figures:
    """FastAPI and asyncpg on uvicorn, two processes."""
    with _fastapi(stack) as url:
        return autocannon.run(f"{url}/orders", seconds=seconds)


def pgbench(stack: Stack, *, seconds: float) -> float:
    """Transactions a second that insert as many rows as an accept does; eight connections."""
    script = stack.directory / "accept.sql"
    script.write_text(_PGBENCH, encoding="utf-8")
    program = postgres.binary("pgbench")
    url = as_postgresql(stack.servers.database_url)
    command = [str(program), "-n", "-c", "8", "-j", "2", "-T", str(int(seconds)), "-f", str(script)]
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    return float(done.stdout.partition("tps = ")[2].split(" ")[0])


def no_op(stack: Stack) -> float:
    """Celery tasks a second, sent by one process and run by one worker of 16 threads."""
    environment = _environment(stack)
    command = [str(PYTHON), "-m", "celery", "--quiet", "--app", "bench.rulers.celery_no_op"]
    command += ["worker", "--pool", "threads", "--concurrency", "16", "--loglevel", "error"]
    broker = redis.Redis.from_url(stack.servers.redis_url)
    with broker, _running("no_op", command, stack, environment):
        sender = celery.Celery(broker=stack.servers.redis_url)
        sender.send_task("no_op", queue="ruler")
        await_condition(
            lambda: broker.llen("ruler") + broker.hlen("unacked") == 0,
            timeout_s=30,
            wanted="the first task",
        )
        began_s = time.perf_counter()
        for number in range(NO_OPS):
            sender.send_task("no_op", kwargs={"number": str(number)}, queue="ruler")
        await_condition(
            lambda: broker.llen("ruler") + broker.hlen("unacked") == 0,
            timeout_s=60,
            wanted="the last task",
        )
        return NO_OPS / (time.perf_counter() - began_s)


def bare_path(stack: Stack, *, seconds: float) -> float:
    """Payments a second from POST to the last webhook, by the same packages without any promise."""
    others = free_port()
    more = {"OTHERS_URL": f"http://{LOOPBACK}:{others}"}
    worker = [str(PYTHON), "-m", "celery", "--quiet", "--app", "bench.rulers.bare_path:celery"]
    worker += ["worker", "--pool", "threads", "--concurrency", "16", "--loglevel", "error"]
    with redis.Redis.from_url(stack.servers.redis_url) as broker:
        broker.delete("path")  # what the last run left
    with (
        _gunicorn(stack, "bench.rulers.bare_path:app", **more) as url,
        _running("bare_path", worker, stack, _environment(stack) | more),
    ):
        path = Path(int(url.rpartition(":")[2]), seconds)
        return asyncio.run(path.per_s(others))


@contextmanager
def _gunicorn(
    stack: Stack, program: str = "bench.rulers.flask_insert:app", **more: str
) -> Iterator[str]:
    port = free_port()
    command = [str(PYTHON), "-m", "gunicorn", "--bind", f"{LOOPBACK}:{port}", "--workers", "2"]
    command += ["--threads", "8", "--worker-class", "gthread", "--log-level", "error"]
    command += [program]
    with _running("flask", command, stack, _environment(stack) | more, port=port):
        yield f"http://{LOOPBACK}:{port}"


@contextmanager
def _fastapi(stack: Stack) -> Iterator[str]:
    port = free_port()
    command = [str(PYTHON), "-m", "uvicorn", "--host", LOOPBACK, "--port", str(port)]
    command += ["--workers", "2", "--log-level", "error", "--loop", "uvloop"]
    command += ["bench.rulers.fastapi_insert:app"]
    environment = _environment(stack)
    environment["DATABASE_URL"] = as_postgresql(stack.servers.database_url)
    with _running("fastapi", command, stack, environment, port=port):
        yield f"http://{LOOPBACK}:{port}"


def _environment(stack: Stack) -> dict[str, str]:
    url = as_postgresql(stack.servers.database_url)
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://", 1),
        "REDIS_URL": stack.servers.redis_url,
    }


@contextmanager
def _running(
    name: str,
    command: list[str],
    stack: Stack,
    environment: Mapping[str, str],
    *,
    port: int | None = None,
) -> Iterator[None]:
    process = Process(f"ruler-{name}", command, stack.directory, environment=environment)
    process.start()
    try:
        if port is not None:
            process.await_ready(lambda: _answers(port), wanted=name, timeout_s=30)
        yield
    finally:
        process.stop()


def _answers(port: int) -> bool:
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        session.trust_env = False  # no proxy stands between this machine and itself
        return session.get(f"http://{LOOPBACK}:{port}/", timeout=5).status_code > 0
    return False
