"""`zampay simulate airtel`, or `python -m zampay.simulators.airtel`."""

from zampay.simulators.airtel.app import create_app
from zampay.simulators.airtel.settings import Settings
from zampay.simulators.core.program import Simulator

simulate = Simulator(Settings, create_app)

if __name__ == "__main__":
    simulate()
