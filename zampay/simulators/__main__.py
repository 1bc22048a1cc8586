"""`python -m zampay.simulators`, as `zampay simulate`."""

from zampay.simulators.command import simulate

if __name__ == "__main__":
    simulate()
