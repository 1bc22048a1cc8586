"""Follow a merchant's events and forward each, signed, to a receiver that needs no public URL.

A program of its own: it speaks to a gateway over REST, and knows nothing of it but the kernel.
"""

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click
import requests

from zampay.kernel import clock, signing

POLL_S = 0.5
AWAY_S = 1.0
PAGE = 100
TIMEOUT_S = 15.0
TOO_MANY = 429
CLIENT_ERRORS = range(400, 500)


class Url(click.ParamType[str]):
    """An address that can be asked, or a usage error."""

    name = "url"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The address as it is."""
        text = str(value)
        try:
            parts = urlsplit(text)
        except ValueError:
            self.fail(f"{text!r} is not a URL", param, ctx)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            self.fail(f"begin {text!r} with http:// or https://", param, ctx)
        return text


class GatewayUrl(Url):
    """Where a gateway is, without the path of its API, which the program adds."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        """The address without a slash at its end."""
        url = super().convert(value, param, ctx).rstrip("/")
        if url.endswith("/api/v1"):
            self.fail("leave out /api/v1, which is added", param, ctx)
        return url


@click.command("listen")
@click.option("--forward-to", type=Url(), help="Where your receiver listens.")
@click.option("--from", "first", type=int, metavar="N", help="Begin with event N.")
@click.option("--secret", help="Sign with this secret instead of a new one.")
@click.option("--url", type=GatewayUrl(), envvar="ZAMPAY_URL", required=True, show_envvar=True)
@click.option("--api-key", envvar="ZAMPAY_API_KEY", required=True, show_envvar=True)
@click.option("--tenant-id", envvar="ZAMPAY_TENANT_ID", required=True, show_envvar=True)
def listen(
    *,
    forward_to: str | None,
    first: int | None,
    secret: str | None,
    url: str,
    api_key: str,
    tenant_id: str,
) -> None:
    """Follow your events and forward each, signed, until Ctrl-C."""
    # A shell that puts a program into the background has SIGINT ignored; it ends this one all the
    # same, and so does SIGTERM.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    account = Account(url, api_key, tenant_id)
    sys.exit(run(account, forward_to=forward_to, first=first, secret=secret))


@dataclass(frozen=True)
class Account:
    """Whose events: the gateway's URL without the path of the API, a key, and its tenant."""

    url: str
    api_key: str
    tenant_id: str


class Refused(Exception):
    """The gateway does not take the key, the tenant or the question; asking again is of no use."""


class Away(Exception):
    """The gateway cannot be reached, or not now."""


class Feed:
    """The events of one account, as `GET /events` gives them."""

    def __init__(self, account: Account) -> None:
        self._url = f"{account.url}/api/v1/events"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {account.api_key}"
        self._session.headers["x-tenant-id"] = account.tenant_id

    def after(self, number: int, *, limit: int = PAGE) -> list[dict[str, Any]]:
        """What follows event `number`.

        Raises:
            Refused, Away.
        """
        query = {"after": number, "limit": limit}
        try:
            answer = self._session.get(self._url, params=query, timeout=TIMEOUT_S)
            if answer.status_code in CLIENT_ERRORS and answer.status_code != TOO_MANY:
                raise Refused(_reason(answer))
            answer.raise_for_status()
            found: list[dict[str, Any]] = answer.json()["data"]
        except (requests.RequestException, KeyError) as error:
            raise Away(type(error).__name__) from error
        return found

    def last_number(self) -> int:
        """The number of the newest event, 0 when there is none. Numbers have no gaps, so that a
        search finds the end in few questions.
        """
        beyond = 1
        while self.after(beyond - 1, limit=1):
            beyond *= 2
        known = beyond // 2
        while beyond - known > 1:
            middle = (known + beyond) // 2
            known, beyond = (middle, beyond) if self.after(middle - 1, limit=1) else (known, middle)
        return known


class Receiver:
    """Where events are forwarded to, signed as the gateway signs them (Standard Webhooks)."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._secret = url, secret
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between this machine and itself

    def forward(self, event: dict[str, Any]) -> str:
        """Send one event once; what came of it."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            **signing.signed_headers(
                body, message_id=event["id"], at=clock.utcnow(), signing_secrets=[self._secret]
            ),
        }
        try:
            answer = self._session.post(
                self._url,
                data=body.encode(),
                headers=headers,
                timeout=TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return type(error).__name__
        return str(answer.status_code)


def run(account: Account, *, forward_to: str | None, first: int | None, secret: str | None) -> int:
    """Listen until Ctrl-C; the exit status: 0, or 1 when the gateway refuses."""
    secret = secret or signing.new_secret()
    receiver = Receiver(forward_to, secret) if forward_to else None
    if receiver is not None:
        say(f"forwarding to {forward_to}, signed with {secret}")
    try:
        for event in events(Feed(account), first=first):
            came_of_it = f" -> {receiver.forward(event)}" if receiver is not None else ""
            subject = event["data"].get("id", "")
            number = event["sequence"]
            say(f"{event['createdAt']} #{number} {event['type']} {subject}{came_of_it}")
    except KeyboardInterrupt:
        return 0
    except Refused as error:
        say(f"the gateway refuses: {error}")
    return 1


def events(feed: Feed, *, first: int | None) -> Iterator[dict[str, Any]]:
    """Every event from number `first` on, or from now on, without end; waits for a gateway that
    is away.

    Raises:
        Refused.
    """
    number = None if first is None else max(first - 1, 0)
    away = False
    while True:
        try:
            if number is None:
                number = feed.last_number()
                say(f"listening from event #{number + 1} on")
            page = feed.after(number)
        except Away as error:
            if not away:
                say(f"the gateway is away ({error}); waiting")
            away = True
            clock.sleep(AWAY_S)
            continue
        if away:
            say("the gateway is back")
        away = False
        for event in page:
            yield event
            number = event["sequence"]
        if len(page) < PAGE:
            clock.sleep(POLL_S)


def say(line: str) -> None:
    """One line to whoever started us, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _reason(answer: requests.Response) -> str:
    try:
        return f"{answer.status_code}: {answer.json()['detail']}"
    except (requests.JSONDecodeError, KeyError, TypeError):
        return str(answer.status_code)
