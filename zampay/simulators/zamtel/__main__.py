"""`zampay simulate zamtel`, or `python -m zampay.simulators.zamtel`."""

from zampay.simulators.core.program import Simulator
from zampay.simulators.zamtel.app import create_app
from zampay.simulators.zamtel.settings import Settings

simulate = Simulator(Settings, create_app)

if __name__ == "__main__":
    simulate()
