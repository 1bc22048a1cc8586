"""`python -m zampay.simulators.mtn`."""

from zampay.simulators.core.program import main
from zampay.simulators.mtn.app import create_app
from zampay.simulators.mtn.settings import Settings

if __name__ == "__main__":
    main(Settings, create_app)
