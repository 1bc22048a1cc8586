"""The networks that have a simulator, each as its own `setup.py` declares it.

No program of this folder names a network: all of them read this list.
"""

import importlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from dev.environment import write_private
from zampay import simulators
from zampay.simulators.command import names
from zampay.simulators.core.setup import Setup

Keys = Mapping[str, Mapping[str, str]]
"""The keys of each network, by its code."""


def _setups() -> Iterable[Setup]:
    for name in names():
        setup: Setup = importlib.import_module(f"{simulators.__name__}.{name}.setup").SETUP
        yield setup


SETUPS: Final = tuple(sorted(_setups(), key=lambda setup: setup.port))
"""By the ports of their simulators."""


def ports(first: int) -> dict[str, int]:
    """Code to port: the first simulator's is given, the others keep their distance from it."""
    return {setup.network: first + setup.port - SETUPS[0].port for setup in SETUPS}


def keys_of(directory: Path) -> Keys:
    """The keys of a data directory; those of a network that is new are made and written."""
    file = directory / "networks.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    made = {setup.network: setup.keys() | known.get(setup.network, {}) for setup in SETUPS}
    if made != known:
        write_private(file, json.dumps(made, indent=2))
    return made
