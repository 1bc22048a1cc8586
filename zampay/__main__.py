"""`python -m zampay …`: what merchants' developers run; operators use `flask --app wsgi …`."""

import argparse
import os
import signal
import sys
from urllib.parse import urlsplit

from zampay import listen, verify_audit


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="zampay")
    commands = parser.add_subparsers(dest="command", required=True)
    listening = commands.add_parser("listen", help="follow your events and forward each, signed")
    listening.add_argument(
        "--forward-to", type=_url, metavar="URL", help="where your receiver listens"
    )
    listening.add_argument("--from", dest="first", type=int, metavar="N", help="begin with event N")
    listening.add_argument("--secret", help="sign with this secret instead of a new one")
    for name in ("url", "api-key", "tenant-id"):
        variable = f"ZAMPAY_{name.replace('-', '_').upper()}"
        given = os.environ.get(variable)
        listening.add_argument(
            f"--{name}",
            type=_gateway if name == "url" else str,
            default=given,
            required=not given,
            help=f"instead of {variable}",
        )
    verifying = commands.add_parser(
        "verify-audit", help="check the chain of hashes in exports of the audit log or of history"
    )
    verifying.add_argument("files", nargs="+", metavar="FILE", help="answers as JSON; - reads them")
    chosen = parser.parse_args(arguments)
    if chosen.command == "verify-audit":
        return verify_audit.run(chosen.files)
    account = listen.Account(chosen.url, chosen.api_key, chosen.tenant_id)
    return listen.run(
        account, forward_to=chosen.forward_to, first=chosen.first, secret=chosen.secret
    )


def _url(text: str) -> str:
    """An address that can be asked, or a usage error."""
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError(f"begin {text!r} with http:// or https://")
    return text


def _gateway(text: str) -> str:
    """Where a gateway is, without the path of its API, which the program adds."""
    url = _url(text).rstrip("/")
    if url.endswith("/api/v1"):
        raise argparse.ArgumentTypeError("leave out /api/v1, which is added")
    return url


if __name__ == "__main__":
    # A shell that puts a program into the background has SIGINT ignored; it ends this one all the
    # same, and so does SIGTERM.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main())
