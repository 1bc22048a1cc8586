"""Runs processes of a built image, read-only, as the image's own user, on this machine's network.

Through Docker where its engine runs. Where none does, but buildah knows the image and we are root,
by hand: a mount namespace with the image's tree read-only, a fresh /tmp, and the image's user.
"""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from dev.common import DevError
from dev.supervisor import Process

_BY_HAND: Final = """
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc -o ro proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot --userspec="$user" "$root" env "$@"
"""


class Engine(Protocol):
    """What can run the image."""

    def command(self, name: str, variables: Sequence[str], words: Sequence[str]) -> list[str]:
        """How to run `words` after the image's entry point, with these variables handed in."""

    def inside(self, name: str, pid: int, words: Sequence[str]) -> list[str]:
        """How to run `words` beside the process that runs as `name`."""


@dataclass(frozen=True)
class Docker:
    """Docker or anything that takes its words."""

    image: str

    def command(self, name: str, variables: Sequence[str], words: Sequence[str]) -> list[str]:
        """`docker run`; values of variables stay out of the command line."""
        given = [part for variable in variables for part in ("--env", variable)]
        limits = ["--read-only", "--tmpfs", "/tmp", "--network", "host"]  # noqa: S108
        return ["docker", "run", "--rm", "--name", name, *limits, *given, self.image, *words]

    def inside(self, name: str, pid: int, words: Sequence[str]) -> list[str]:
        """`docker exec`."""
        del pid
        return ["docker", "exec", name, *words]


@dataclass(frozen=True)
class ByHand:
    """A tree that buildah mounted, and the image's configuration."""

    root: str
    config: Mapping[str, Any]

    def command(self, name: str, variables: Sequence[str], words: Sequence[str]) -> list[str]:
        """A mount namespace of its own; the environment is the starter's and the image's."""
        del name, variables
        outside = ["unshare", "--mount", "sh", "-euc", _BY_HAND, "sh"]
        inside = [*self.config["Env"], *self.config["Entrypoint"], *words]
        return [*outside, self.root, self.config["User"], *inside]

    def inside(self, name: str, pid: int, words: Sequence[str]) -> list[str]:
        """Into the namespace and the root of the process, as the same user."""
        del name
        user, _, group = self.config["User"].partition(":")
        there = ["nsenter", "--target", str(pid), "--mount", "--root", "--wd"]
        as_user = ["--setuid", user, "--setgid", group or user]
        return [*there, *as_user, "env", *self.config["Env"], *words]


def engine(image: str) -> Engine:
    """Whatever can run the image here; DevError when nothing can."""
    if shutil.which("docker") and _succeeds("docker", "info"):
        return Docker(image)
    if os.geteuid() != 0 or not shutil.which("buildah"):
        raise DevError("This needs a Docker engine, or buildah and root.")
    container = _output("buildah", "from", "--pull-never", image)
    root = _output("buildah", "mount", container)
    config = json.loads(_output("buildah", "inspect", "--type", "image", image))["OCIv1"]["config"]
    return ByHand(root, config)


def leave(used: Engine) -> None:
    """Take away what `engine` made."""
    if isinstance(used, ByHand):
        for container in json.loads(_output("buildah", "containers", "--json")):
            if _output("buildah", "mount", container["id"]) == used.root:
                _output("buildah", "rm", container["id"])


@dataclass(frozen=True)
class Container:
    """One process of the image; `environment` is all that it is told."""

    used: Engine
    process: Process
    name: str

    @classmethod
    def of(
        cls, used: Engine, directory: Path, environment: Mapping[str, str], *words: str
    ) -> "Container":
        """Not started yet; its log is named by the first word."""
        name = f"zampay-{words[0]}-{secrets.token_hex(3)}"
        command = used.command(name, list(environment), words)
        known = {**environment, "PATH": os.environ["PATH"]}
        return cls(used, Process(words[0], command, directory, environment=known), name)

    def ask(self, *words: str) -> int:
        """Run a program beside it to its end; its status."""
        command = self.used.inside(self.name, self.process.pid, words)
        return subprocess.run(command, env=dict(self.process.environment), check=False).returncode


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DevError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.strip()
