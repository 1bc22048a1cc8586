"""For a machine where we are root, as containers do: lets PostgreSQL run as somebody else.

Nothing is added to the machine. What may have to change are directories on the way to the
checkout that nobody but root may pass, such as a private home: they are made passable (not
readable), and that is said.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

_FALLBACK_USER: Final = "nobody"


def user_for(cluster: Path) -> int | None:
    """The numeric id to run the server of a cluster as; None for our own, when we are not root."""
    if os.geteuid() != 0:
        return None
    owner = cluster.stat().st_uid if cluster.exists() else 0
    return owner or pwd.getpwnam(_FALLBACK_USER).pw_uid


def open_way_to(place: Path) -> None:
    """Let everybody pass through the directories above `place`."""
    for directory in place.parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
            print(f"note: PostgreSQL cannot run as root; let others pass {directory} (chmod o+x)")


def open_wheel(package: Path) -> None:
    """Let everybody read and run what a wheel installed, also under a strict umask."""
    open_way_to(package / "any")
    for folder in (package / "pginstall", package.with_name(f"{package.name}.libs")):
        if folder.exists() and not _is_open(folder):
            _open(folder)


def _is_open(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IROTH for path in [folder, *folder.iterdir()])


def _open(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        runs = stat.S_IXOTH if mode & stat.S_IXUSR else 0
        path.chmod(mode | stat.S_IROTH | runs)
