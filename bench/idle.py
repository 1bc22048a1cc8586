"""What the gateway takes while nobody uses it, and what its programs take to start: the row M1 of
docs/performance.md.
"""

import resource
import subprocess
import time

import psutil

from bench.found import Found
from bench.rig import LIMITS, open_rig
from dev.environment import ROOT
from dev.stack import ZAMPAY, Stack

PROCESSES = ("web", "worker", "beat")
_SETTLED_AFTER_S = 3
_STARTS = 3


def measure(found: Found) -> None:
    """Memory, start and the CPU of `zampay doctor`."""
    with open_rig(LIMITS) as stack:
        for turn in range(_STARTS):
            if turn:
                stack.stop("web")
            began_s = time.perf_counter()
            stack.start("web")
            found.note("M1: start of web to its first answer, s", time.perf_counter() - began_s)
        stack.start("worker", "beat")
        time.sleep(_SETTLED_AFTER_S)
        for name in PROCESSES:
            found.note(f"M1: memory of idle {name}, MiB", _memory_mib(stack, name))
        for _ in range(_STARTS):
            found.note("M1: CPU of `zampay doctor`, s", _cpu_s(stack, "doctor"))


def _memory_mib(stack: Stack, name: str) -> float:
    """Its own memory and its part of what it shares, with all its processes."""
    first = psutil.Process(stack.process(name).pid)
    family = [first, *first.children(recursive=True)]
    return sum(int(one.memory_full_info().pss) for one in family) / 2**20


def _cpu_s(stack: Stack, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [*ZAMPAY, *arguments]
    subprocess.run(command, cwd=ROOT, env=stack.environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
