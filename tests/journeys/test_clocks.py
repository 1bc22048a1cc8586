"""A host whose clock is wrong: as with equal clocks. Its processes really see another time."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.gateway import Gateway
from tests.journeys.network import Network
from tests.journeys.shop import Shop

FINAL_WITHIN_S, START_S = 20.0, 60.0
SHIFT = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long ahead(void) { const char *s = getenv("CLOCK_AHEAD_S"); return s ? atol(s) : 0; }
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(id, at);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += ahead();
    return failed;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


@pytest.fixture(scope="module")
def shift(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that, loaded before all others, gives a process another time of day."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler: no process can be given another clock")
    source = tmp_path_factory.mktemp("shift") / "shift.c"
    source.write_text(SHIFT)
    library = source.with_suffix(".so")
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


def shifted(library: Path, ahead_s: int) -> dict[str, str]:
    """The settings of a process with such a clock; that they work is tried first."""
    settings = {"LD_PRELOAD": str(library), "CLOCK_AHEAD_S": str(ahead_s)}
    told = subprocess.run(
        [sys.executable, "-c", "import datetime; print(datetime.datetime.now().timestamp())"],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    )
    assert float(told.stdout) - time.time() == pytest.approx(ahead_s, abs=3)
    return settings


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "ahead_s"),
    [("beat", -8), ("beat", -600), ("beat", 600), ("worker", -600), ("worker", 600), ("web", -600)],
)
def test_a_clock_that_is_wrong_delays_nothing(
    gateway: Gateway,
    network: Network,
    shop: Shop,
    payer: str,
    shift: Path,
    name: str,
    ahead_s: int,
) -> None:
    gateway.replace(name, **shifted(shift, ahead_s))
    if name == "beat":
        gateway.stack.process(name).await_log("beat_started", timeout_s=START_S)
    network.fault("callback", "lost", msisdn=payer)
    network.fault("requesttopay", "status", status=503, msisdn=payer)
    began_s = time.monotonic()
    accepted = shop.pay(payer)["id"]
    gateway.assert_paid_once(shop, accepted)
    assert time.monotonic() - began_s < FINAL_WITHIN_S
    reference = gateway.books.reference(accepted)
    assert network.requests(reference, "requesttopay") == [503, 202], "polled, and sent again"
    assert network.polls(reference) >= 2, "polled by the sweep, without a callback"
