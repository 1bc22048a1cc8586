"""Whether a network answers, as workers have found: kept in Redis for whoever is asked about it.

A worker whose calls from a wallet pause, because the network does not answer them, says so; the
next answer takes that back. What nobody repeats is forgotten. Money never hangs on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from zampay.infra.redis import redis_client
from zampay.kernel import clock
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction

KEPT_S = 180
_USUAL = "network-trouble:{provider}:{wallet_id}:{action}"


class NetworkState(StrEnum):
    """DEGRADED: polls are not answered; DOWN: sends are not."""

    OPERATIONAL = "OPERATIONAL"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


@dataclass(frozen=True, slots=True)
class Found:
    """How a network is, and since when that was found; None while all is well."""

    state: NetworkState
    since: datetime | None


def note(stream: Stream, *, was_paused: bool, is_paused: bool) -> None:
    """Tell that the calls of a live stream pause, or do so no longer."""
    if not (was_paused or is_paused):
        return
    name = _name(stream.provider, stream.wallet_id, stream.action)
    redis_client.tried(lambda: _tell(name) if is_paused else redis_client.client().delete(name))


def found(provider: str, wallet_ids: Sequence[str]) -> Found:
    """How the network is for these wallets; the worst of what is known."""
    actions = (NextAction.SUBMIT, NextAction.POLL)
    names = [_name(provider, one, action) for action in actions for one in wallet_ids]
    since = redis_client.tried(lambda: redis_client.client().mget(names)) or [None] * len(names)
    sends, polls = since[: len(wallet_ids)], since[len(wallet_ids) :]
    for state, texts in ((NetworkState.DOWN, sends), (NetworkState.DEGRADED, polls)):
        times = [float(text) for text in texts if text]
        if times:
            return Found(state, datetime.fromtimestamp(min(times), UTC))
    return Found(NetworkState.OPERATIONAL, None)


def _tell(name: str) -> None:
    """Keep the time of the first word of it, for as long as it is repeated."""
    now = str(clock.utcnow().timestamp())
    if not redis_client.client().set(name, now, nx=True, ex=KEPT_S):
        redis_client.client().expire(name, KEPT_S)


def _name(provider: str, wallet_id: str, action: NextAction) -> str:
    return _USUAL.format(provider=provider, wallet_id=wallet_id, action=action)
