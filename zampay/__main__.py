"""`python -m zampay …`: what merchants' developers run; operators use `flask --app wsgi …`."""

import argparse
import os
import signal
import sys

from zampay import listen


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="zampay")
    commands = parser.add_subparsers(dest="command", required=True)
    listening = commands.add_parser("listen", help="follow your events and forward each, signed")
    listening.add_argument("--forward-to", metavar="URL", help="where your receiver listens")
    listening.add_argument("--from", dest="first", type=int, metavar="N", help="begin with event N")
    listening.add_argument("--secret", help="sign with this secret instead of a new one")
    for name in ("url", "api-key", "tenant-id"):
        variable = f"ZAMPAY_{name.replace('-', '_').upper()}"
        given = os.environ.get(variable)
        listening.add_argument(
            f"--{name}", default=given, required=not given, help=f"instead of {variable}"
        )
    chosen = parser.parse_args(arguments)
    account = listen.Account(chosen.url.rstrip("/"), chosen.api_key, chosen.tenant_id)
    return listen.run(
        account, forward_to=chosen.forward_to, first=chosen.first, secret=chosen.secret
    )


if __name__ == "__main__":
    # A shell that puts a program into the background has SIGINT ignored; it ends this one all the
    # same, and so does SIGTERM.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main())
