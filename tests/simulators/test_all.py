"""`zampay simulate` without a name: every network that has a simulator, in one program."""

import os
import signal
import subprocess
import sys

import pytest
import requests

from dev.environment import ROOT, free_port
from dev.networks import SETUPS

TYPED = [["zampay", "simulate"], ["zampay.simulators"]]


@pytest.mark.parametrize("typed", TYPED, ids=" ".join)
def test_all_simulators_run_in_one_program_and_a_signal_ends_it(typed: list[str]) -> None:
    ports = {setup.network: free_port() for setup in SETUPS}
    told = {f"SIMULATOR_{network}_PORT": str(port) for network, port in ports.items()}
    with subprocess.Popen(
        [sys.executable, "-m", *typed],
        cwd=ROOT,
        env={**os.environ, **told},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        waited_for = set(ports)
        while waited_for:
            line = process.stdout.readline()
            assert line, f"ended without {waited_for}"
            waited_for -= {line.split()[0]} if " simulator ready on " in line else set()
        for port in ports.values():
            journal = f"http://127.0.0.1:{port}/_admin/journal"
            assert requests.get(journal, timeout=5).json()["charges"] == []
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_no_two_simulators_have_the_same_port() -> None:
    assert len({setup.port for setup in SETUPS}) == len(SETUPS)


def test_a_key_stands_in_the_gateways_variables_and_in_the_simulators() -> None:
    for setup in SETUPS:
        keys = setup.keys()
        told = setup.for_gateway(simulator="http://s", gateway="http://g:1", keys=keys)
        options = setup.for_simulator(host="h", port=1, gateway="http://g:1", keys=keys)
        for variable in setup.secrets():
            assert told[variable] in options.values()
