"""One access token for all workers: kept in Redis, renewed before it ends, never logged.

How a network gives a token is the network's own affair; how it is shared, and that a call is
repeated once after a token was refused, is the same for all.
"""

import contextlib
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis

from zampay.infra.http.outbound import NoReply, NotConnected, Reply
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.redis import redis_client
from zampay.kernel import clock

LONGEST_S = 86_400.0
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


class NoToken(Exception):
    """No token is to be had now; nothing of a payment was sent. Safe to repeat."""


class CredentialsRefused(NoToken):
    """The network refuses our credentials: repeating will not help until the operator acts."""


class OutOfTime(Exception):
    """It was too late when there was a token at last; nothing of the payment was sent."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    ends_s: float


class SharedToken:
    """The token of one login, for those who know all its credentials; `name` is its key in Redis.

    `ask` calls the network once, `read` gives the token and how long it lasts (as the network says
    it), or raises NoToken or CredentialsRefused. It is renewed `renew_before_s` before its end, or
    a sixth of its life if that is less.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], Reply],
        read: Callable[[Reply], tuple[str, object]],
        *,
        renew_before_s: float,
    ) -> None:
        self._name, self._ask, self._read = name, ask, read
        self._renew_before_s = renew_before_s
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        self._in_vain_s = -math.inf

    def current(self) -> str:
        """A token that is good for a while. One request at a time asks for it; those who waited
        for one that asked in vain do not ask again, each after the other.

        Raises:
            NoToken, CredentialsRefused.
        """
        asked_s = clock.monotonic_s()
        with self._lock:
            known = self._known()
            if known is None and asked_s <= self._in_vain_s:
                raise NoToken("no token: none was given to a request at the same time")
            return known or self._fetch()

    def renew(self) -> None:
        """Ask for a new token although the old one is good; if none is given, the old one stays.

        Raises:
            NoToken, CredentialsRefused.
        """
        with self._lock:
            self._fetch()

    def forget(self, token: str) -> None:
        """Drop a token that was refused, unless another worker has already replaced it."""
        with self._lock:
            self._kept = None
            with contextlib.suppress(redis.RedisError):
                if redis_client.client().get(self._name) == token:
                    redis_client.client().delete(self._name)

    def _known(self) -> str | None:
        """The shared token; without Redis, this process's own copy while it lasts."""
        try:
            found = str(redis_client.client().get(self._name) or "")
        except redis.RedisError:
            kept = self._kept
            return kept.token if kept and kept.ends_s > clock.monotonic_s() else None
        return found if _PRINTABLE.fullmatch(found) else None

    def _fetch(self) -> str:
        try:
            reply = self._ask()
        except (NotConnected, NoReply) as error:
            self._in_vain_s = clock.monotonic_s()
            raise NoToken(f"no token: {error}") from error
        token, lasts = self._read(reply)
        if not _PRINTABLE.fullmatch(token):
            raise NoToken(f"token call answered {reply.status}")
        return self._keep(token, lasts)

    def _keep(self, token: str, lasts: object) -> str:
        seconds = _seconds(lasts)
        good_s = seconds - min(self._renew_before_s, seconds / 6)
        self._kept = _Kept(token, clock.monotonic_s() + good_s)
        with contextlib.suppress(redis.RedisError):
            redis_client.client().set(self._name, token, px=max(int(good_s * 1000), 1))
        return token


class TokenCalls:
    """Calls of one network that carry the token of one login. `headers` gives those of every call,
    with the token; `is_refused` says whether an answer refuses the token, so that nothing was done.
    """

    def __init__(
        self,
        http: ProviderCalls,
        token: SharedToken,
        base_url: str,
        *,
        headers: Callable[[str], Mapping[str, str]],
        is_refused: Callable[[Reply], bool],
    ) -> None:
        self._http, self._token, self._base_url = http, token, base_url
        self._headers, self._is_refused = headers, is_refused

    def send(
        self,
        operation: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        is_too_late: Callable[[], bool] = lambda: False,
    ) -> Reply:
        """Call once, and once more with a fresh token when the first was refused.

        Raises:
            NoToken, CredentialsRefused: nothing but the token was asked for.
            OutOfTime, NotConnected, NoReply.
        """
        for _ in range(2):
            token = self._token.current()
            if is_too_late():
                raise OutOfTime
            reply = self._http.send(
                operation,
                method,
                f"{self._base_url}{path}",
                headers={**self._headers(token), **(headers or {})},
                body=body,
            )
            if not self._is_refused(reply):
                break
            self._token.forget(token)
        return reply


def _seconds(lasts: object) -> float:
    """`expires_in` as networks give it, a number or its text; anything else is no time at all."""
    try:
        seconds = float(str(lasts))
    except ValueError:
        return 0.0
    return min(seconds, LONGEST_S) if seconds > 0 else 0.0
