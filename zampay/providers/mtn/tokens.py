"""One access token for all workers: kept in Redis, renewed before it ends, never logged.

MTN: a token lasts `expires_in` seconds (3600), is to be reused until then and renewed about ten
minutes before; the token path takes no body; wrong credentials answer 500 `login_failed`.
"""

import base64
import contextlib
import math
import re
import threading
from dataclasses import dataclass

import redis

from zampay.infra.http.outbound import NoReply, NotConnected
from zampay.infra.http.provider_calls import ProviderCalls
from zampay.infra.redis import redis_client
from zampay.kernel import clock
from zampay.providers.mtn import bodies
from zampay.providers.mtn.settings import Settings

RENEW_BEFORE_S = 600.0
OK = 200
CREDENTIALS_REFUSED = frozenset({400, 401, 403})
LOGIN_FAILED = "login_failed"
LONGEST_S = 86_400.0
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


class NoToken(Exception):
    """No token is to be had now; nothing of a payment was sent. Safe to repeat."""


class CredentialsRefused(NoToken):
    """MTN refuses our credentials: repeating will not help until the operator acts."""


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    ends_s: float


class Tokens:
    """The collection product's token of one API user, for those who know all its credentials."""

    def __init__(self, settings: Settings, http: ProviderCalls) -> None:
        self._settings = settings
        self._http = http
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        self._in_vain_s = -math.inf
        self._name = f"mtn:token:collection:{settings.login}"

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
        """Drop a token that MTN has refused, unless another worker has already replaced it."""
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
        login = f"{self._settings.api_user}:{self._settings.api_key}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(login).decode()}",
            "Ocp-Apim-Subscription-Key": self._settings.subscription_key,
            "Content-Length": "0",
        }
        try:
            reply = self._http.send(
                "token", "POST", f"{self._settings.base_url}/collection/token/", headers=headers
            )
        except (NotConnected, NoReply) as error:
            self._in_vain_s = clock.monotonic_s()
            raise NoToken(f"no token: {error}") from error
        if reply.status == OK:
            body = bodies.parsed(reply.text)
            token, lasts = body.get("access_token"), body.get("expires_in")
            if isinstance(token, str) and _PRINTABLE.fullmatch(token):
                return self._keep(token, lasts)
        refused = reply.status in CREDENTIALS_REFUSED and not bodies.is_foreign(reply.text)
        if refused or bodies.error_code(reply.text) == LOGIN_FAILED:
            raise CredentialsRefused(f"token call answered {reply.status}")
        raise NoToken(f"token call answered {reply.status}")

    def _keep(self, token: str, lasts: object) -> str:
        seconds = _seconds(lasts)
        good_s = seconds - min(RENEW_BEFORE_S, seconds / 6)
        self._kept = _Kept(token, clock.monotonic_s() + good_s)
        with contextlib.suppress(redis.RedisError):
            redis_client.client().set(self._name, token, px=max(int(good_s * 1000), 1))
        return token


def _seconds(lasts: object) -> float:
    """`expires_in` as MTN gives it, a number or its text; anything else is no time at all."""
    try:
        seconds = float(str(lasts))
    except ValueError:
        return 0.0
    return min(seconds, LONGEST_S) if seconds > 0 else 0.0
