"""`python -m dev.reachable URL`: status 0 when a server answers there with 200, else 1."""

import sys

import requests

_PATIENCE_S = 3


def main() -> int:
    """Ask once, without waiting long."""
    try:
        return int(requests.head(sys.argv[1], timeout=_PATIENCE_S).status_code != requests.codes.ok)
    except requests.RequestException:
        return 1


if __name__ == "__main__":
    sys.exit(main())
