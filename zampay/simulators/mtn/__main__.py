"""`zampay simulate mtn`, or `python -m zampay.simulators.mtn`."""

from zampay.simulators.core.program import Simulator
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings

simulate = Simulator(Settings, create_app)

if __name__ == "__main__":
    simulate()
