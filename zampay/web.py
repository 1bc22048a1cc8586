"""`zampay web`: the web process. uvicorn's supervisor and its processes, each with
`zampay.infra.web.front` before the application; it does not start where somebody else listens, or
with a wrong environment, and says so once.
"""

import logging
import resource
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import click
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from zampay.infra.telemetry import shared_metrics
from zampay.kernel import clock

BACKLOG = 2048
KEEP_ALIVE_S = 75  # longer than proxies keep a connection (60 s): the proxy closes first
DRAIN_S = 10
LAST_S = DRAIN_S + 5
HEALTHCHECK_S = 30
MOST_FILES = 65_536


@click.command("web", context_settings={"show_default": True})
@click.option("--host", envvar="HOST", show_envvar=True, default="0.0.0.0")  # noqa: S104
@click.option("--port", envvar="PORT", show_envvar=True, default=8000)
@click.option("--workers", envvar="WEB_CONCURRENCY", show_envvar=True, default=2)
@click.option("--app", default="wsgi:app", help="A WSGI application.")
def web(*, host: str, port: int, workers: int, app: str) -> None:
    """Serve HTTP until SIGTERM or SIGINT."""
    import config  # here: the processes import this module before they share their counts

    config.load()
    _allow_many_connections()
    supervisor = Supervisor(Served(app, workers=workers), [listen(host, port)])
    supervisor.run()
    if STARTUP_FAILURE in {process.exitcode for process in supervisor.processes}:
        raise SystemExit(1)


def listen(host: str, port: int) -> socket.socket:
    """Take the port, without sharing it with anybody.

    Raises:
        SystemExit: it cannot be had.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server(
            (host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both
        )
    except OSError as error:
        raise SystemExit(
            f"ZamPay's web does not start: port {port} of {host}: {error.strerror}. "
            "Stop what listens there, or set PORT."
        ) from error


def _allow_many_connections() -> None:
    """A connection is a file, and many systems allow a process 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Served(uvicorn.Config):
    """How uvicorn serves a WSGI application here."""

    def __init__(self, app: str, *, workers: int) -> None:
        super().__init__(
            app,
            workers=workers,
            interface="asgi3",
            http="zampay.infra.web.http_connection:Connection",
            ws="none",
            lifespan="off",
            loop="uvloop",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=str(Path(__file__).parent / "infra" / "telemetry" / "server_log.json"),
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=DRAIN_S,
            timeout_worker_healthcheck=HEALTHCHECK_S,
        )

    def load(self) -> None:
        """Load everything, once it is decided where counts are shared."""
        shared_metrics.prepare()
        super().load()

    def load_app(self) -> object:
        """The application behind its front. What cannot start now would not start the next time,
        so the supervisor is told not to try.
        """
        from zampay.infra.web.front import Front  # here: see `load`

        try:
            return Front(super().load_app())
        except SystemExit as error:
            if error.code == STARTUP_FAILURE:
                raise
            print(error.code, file=sys.stderr, flush=True)  # noqa: T201 - as the interpreter does
            raise SystemExit(STARTUP_FAILURE) from error
        except Exception as error:
            logging.getLogger("uvicorn.error").exception("%s cannot be loaded", self.app)
            raise SystemExit(STARTUP_FAILURE) from error


class Supervisor(Multiprocess):
    """uvicorn's supervisor, with two changes. It gives the port back as soon as it is asked to end:
    what connects after that is refused at once instead of waiting for nobody. And it notices at
    once when a process dies while it is asked for a sign of life.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def _end(self, number: int, _: FrameType | None) -> None:
        for listener in self.sockets:
            listener.close()
        self.signal_queue.append(number)

    def keep_subprocess_alive(self) -> None:
        """Replace the processes that died. Their end of the pipe is closed here: while a copy of it
        is open, the wait for an answer of the dead lasts HEALTHCHECK_S.
        """
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()

    def join_all(self) -> None:
        """Wait for the processes to finish, not for ever."""
        deadline_s = clock.monotonic_s() + LAST_S
        for process in self.processes:
            process.process.join(max(deadline_s - clock.monotonic_s(), 0.0))
            if process.exitcode is None:
                process.kill()
        super().join_all()
