"""Holds one process on a tether: when its starter dies, however it dies, the process ends too.

`tether.py PID_FILE USER STOP_SIGNAL GRACE_S COMMAND...` runs the command in a process group of
its own, as USER ("" for the same user). Standard input is the tether: a pipe whose other end only
the starter holds, so that its end of file means that the starter is gone, also by `kill -9`.
Portable where Linux's parent-death signal is not, and it reaches grandchildren.

SIGTERM to this program stops the command politely (STOP_SIGNAL, then SIGKILL after GRACE_S
seconds); SIGUSR1 is `kill -9` of the whole group. It ends when the command does, with its status
(128 + n for a death by signal n), and leaves nothing of the group behind. Standard library only,
so that it starts in milliseconds.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path


class Tethered:
    """The running command and the ways to end it."""

    def __init__(self, user: str, stop_signal: int, grace_s: float, command: list[str]) -> None:
        self.stop_signal = stop_signal
        self.grace_s = grace_s
        user_id = int(user) if user else None
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            user=user_id,
            group=user_id,
            extra_groups=None if user_id is None else [],
        )

    def stop(self, *_: object) -> None:
        """Ask it to end, and see to it that it does within the grace time."""
        self.child.send_signal(self.stop_signal)
        signal.setitimer(signal.ITIMER_REAL, self.grace_s)

    def kill(self, *_: object) -> None:
        """End it and all of its group at once."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # nobody left; macOS says the latter
            return


def watch_starter() -> None:
    """Stop the command when the starter is gone. Blocks until then."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str]) -> int:
    """Run the command to its end; its exit status."""
    pid_file, user, stop_signal, grace_s, *command = arguments
    tethered = Tethered(user, int(stop_signal), float(grace_s), command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, tethered.stop)
    signal.signal(signal.SIGUSR1, tethered.kill)
    signal.signal(signal.SIGALRM, tethered.kill)
    # Written last: the starter signals nothing before it has read this.
    Path(pid_file).write_text(f"{tethered.child.pid} {stop_signal}\n", encoding="ascii")
    threading.Thread(target=watch_starter, daemon=True).start()
    status = tethered.child.wait()
    tethered.kill()
    Path(pid_file).unlink(missing_ok=True)
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
