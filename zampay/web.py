"""`python -m zampay.web …`: granian, with its own arguments, where nobody else listens and the
environment is in order; else it ends with one message, before granian tries it in every process.

Granian shares its port with whoever else would share it (SO_REUSEPORT), also with the web of an
older release that nobody stopped: each request would meet the one or the other at random.
"""

import argparse
import os
import socket
import sys

import config


def main(arguments: list[str] | None = None) -> None:
    """Become granian.

    Raises:
        SystemExit: the port is taken, or not ours to take.
        BadConfiguration: with every problem of the environment.
    """
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="zampay.web", add_help=False, allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    named, _ = parser.parse_known_args(given)
    config.load()
    refuse_a_taken_port(named.host, named.port)
    os.execv(sys.executable, [sys.executable, "-m", "granian", *given])  # noqa: S606 - as the Procfile


def refuse_a_taken_port(host: str, port: int) -> None:
    """Take the port without sharing it, as any other server would, and leave it again.

    Raises:
        SystemExit: it cannot be had.
    """
    family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what lingers takes no port
        try:
            probe.bind(place)
        except OSError as error:
            raise SystemExit(
                f"ZamPay's web does not start: port {port} of {host}: {error.strerror}. "
                "Stop what listens there, or set PORT."
            ) from error


if __name__ == "__main__":
    main()
