"""`zampay worker` and `zampay beat`: Celery's own program takes this one's place. So signals, the
restart by SIGHUP and the name in a list of processes are Celery's.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import click

_APP = click.option("--app", default="celery_worker", show_default=True, help="A Celery app.")
_OPTIONS = click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[CELERY'S OPTIONS]")
_PASSED_ON = {"ignore_unknown_options": True}


@click.command("worker", context_settings=_PASSED_ON)
@_APP
@click.option(
    "--concurrency",
    envvar="WORKER_CONCURRENCY",
    default="16",
    show_default=True,
    show_envvar=True,
    help="Calls to one network at a time, for one merchant.",
)
@_OPTIONS
def worker(app: str, concurrency: str, options: tuple[str, ...]) -> NoReturn:
    """Submit, poll and deliver webhooks until SIGTERM. Celery's `worker` gets all other options."""
    threads = ("--pool", "threads", "--concurrency", concurrency)
    _become_celery(app, "worker", *threads, "--without-gossip", "--without-mingle", *_log(options))


@click.command("beat", context_settings=_PASSED_ON)
@_APP
@_OPTIONS
def beat(app: str, options: tuple[str, ...]) -> NoReturn:
    """Start the sweeps each second until SIGTERM. Celery's `beat` gets all other options."""
    _become_celery(app, "beat", *_log(options))


def _log(options: tuple[str, ...]) -> tuple[str, ...]:
    return ("--loglevel", "warning", *options)


def _become_celery(app: str, process: str, *options: str) -> NoReturn:
    """Run the `celery` of this Python, which may not be the one of PATH."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = shutil.which("celery", path=places)
    if program is None:
        raise click.ClickException("There is no program celery: install requirements.txt.")
    os.execv(program, ["celery", "--quiet", "--app", app, process, *options])  # noqa: S606
