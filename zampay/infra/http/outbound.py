"""HTTP out: always with timeouts, never a redirect, never more than a bounded answer.

The one distinction that matters for money is told by the error: `NotConnected` means that not one
byte reached the other side, `NoReply` that it may have.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
)

from zampay.infra.http import deadline
from zampay.infra.http.deadline import Deadline, DeadlineAdapter
from zampay.kernel import clock

MAX_ANSWER_BYTES = 64 * 1024
TOO_LONG = "TooLong"
LONGEST_RETRY_AFTER_S = 30 * 86_400.0
_CHUNK_BYTES = 8 * 1024


class NotConnected(Exception):
    """No connection came about: the request certainly did not arrive."""


class NoReply(Exception):
    """The request may have arrived, but no whole answer came back in time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Status and body (text, at most 64 KiB) of an answer; `retry_after_s` where it gave one."""

    status: int
    text: str
    retry_after_s: float | None = None


class _Session(requests.Session):
    """A session that never looks where a redirect leads: even when it does not follow, `requests`
    reads the whole body of one, without a bound, and raises for a `Location` that is no address.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """Nowhere."""
        return None


class Outbound:
    """A pool of connections, safe to share between threads; `adapter` may restrict where to. No
    exchange takes longer than `longest_s` (by default both timeouts together), however slowly its
    bytes come.

    With `status_is_enough`, a body that breaks off does not make an answer a `NoReply`. `ca_bundle`
    names the authorities to trust in place of the public ones.
    """

    def __init__(
        self,
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
        longest_s: float | None = None,
        adapter: DeadlineAdapter | None = None,
        status_is_enough: bool = False,
        ca_bundle: str | None = None,
    ) -> None:
        self._forgiven = (HTTPError, OSError) if status_is_enough else ()
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self.longest_s = sum(self._timeouts_s) if longest_s is None else longest_s
        self._session = _Session()
        self._session.trust_env = False
        self._session.verify = ca_bundle or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        transport = adapter or DeadlineAdapter()
        self._session.mount("https://", transport)
        self._session.mount("http://", transport)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """Send once.

        Raises:
            NotConnected: nothing was sent.
            NoReply: it may have arrived.
        """
        try:
            with deadline.after(self.longest_s) as end:
                return self._within(method, url, dict(headers), body, end)
        except deadline.NoTimer as error:
            raise NotConnected(_name(error)) from error

    def _within(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, end: Deadline
    ) -> Reply:
        """Whatever an answer makes the libraries raise is no answer."""
        try:
            return self._exchange(method, url, headers, body, end)
        except NoReply:
            raise
        except Exception as error:
            if isinstance(error, requests.ConnectionError) and _never_connected(error):
                raise NotConnected(_name(error)) from error
            raise NoReply(TOO_LONG if end.has_come else _name(error)) from error

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, end: Deadline
    ) -> Reply:
        with self._session.request(
            method,
            url,
            headers=headers,
            data=body,
            timeout=self._timeouts_s,
            allow_redirects=False,
            stream=True,
        ) as answer:
            text = _read(answer, self._forgiven)
            if end.has_come and not self._forgiven:
                raise NoReply(TOO_LONG)
            return Reply(answer.status_code, text, _wait_s(answer.headers))


def _read(answer: requests.Response, forgiven: tuple[type[Exception], ...]) -> str:
    """The body, as much of it as we take."""
    body = b""
    with contextlib.suppress(*forgiven):
        while chunk := answer.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                break
    return body[:MAX_ANSWER_BYTES].decode("utf-8", "replace")


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _name(error: Exception) -> str:
    """The kind of an error, without its text: that may hold an address with secrets. What
    `requests` wraps says more than its own name does.
    """
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return type(reason if isinstance(reason, HTTPError) else error).__name__


def _wait_s(headers: Mapping[str, str]) -> float | None:
    """How long a Retry-After (RFC 9110, 10.2.3) asks to wait: whole seconds, or a date by the clock
    that wrote `Date`; without one, by ours.
    """
    text = headers.get("Retry-After")
    if not text or not text.isascii():
        return None
    if text.isdigit():
        return min(float(text), LONGEST_RETRY_AFTER_S)
    until = _moment(text)
    if until is None:
        return None
    now = _moment(headers.get("Date")) or clock.utcnow().timestamp()
    return min(max(until - now, 0.0), LONGEST_RETRY_AFTER_S)


def _moment(text: str | None) -> float | None:
    """A date of HTTP in seconds since 1970."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
