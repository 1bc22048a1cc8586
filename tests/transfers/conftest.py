"""What tests of callbacks begin with."""

import pytest
from flask import Flask

from tests.support.engine import Engine
from tests.support.fakes import HeldQueue, ScriptedNetwork
from tests.support.merchants import Merchant


@pytest.fixture
def engine(
    app: Flask, merchant: Merchant, network: ScriptedNetwork, task_queue: HeldQueue
) -> Engine:
    return Engine(app, merchant, network, task_queue)
