"""Whether a network answers for a wallet, as workers have found: a row for each trouble, from its
begin to its end, by the database's clock.

Many workers may find the same: the first one's row is everybody's. A trouble that nobody finds any
more ends by itself (`end_old`), so that it stays for ever with no worker that died. No transfer
ends because of one: sends wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from zampay.infra.database.db import Model, Transaction
from zampay.infra.database.definer import Function
from zampay.kernel import ids
from zampay.providers.profile import DEPLOYMENT
from zampay.transfers.due import Stream
from zampay.transfers.states import NextAction

log = structlog.get_logger()
TEND: Final = "networks.tend"
STAYS_S: Final = 180
"""So long a trouble stays when no call fails any more; what waits alone is tried every 120 s."""
APART_S: Final = 30
"""So long after an end no new trouble of the wallet begins: where workers disagree, because one of
them cannot reach the network, merchants are not told each second."""
ENDED_BY_ITSELF: Final = "no call has failed for three minutes"
ANSWERS: Final = "the network answers again"
_POLLS: Final = "the network does not answer when asked how payments ended"


class NetworkState(StrEnum):
    """DEGRADED: polls are not answered, or sends not clearly. DOWN: sends reach nothing."""

    OPERATIONAL = "OPERATIONAL"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"


class Trouble(Model):
    """One trouble of one wallet at its network; of live transfers only. `tenant_id` is null for the
    deployment's wallets, which everybody may know of. `sends_at` and `polls_at`: when sends and
    polls were last found failing; null when they are not. `told`: of how many of its two events
    (begin, end) all merchants concerned have theirs.
    """

    __tablename__ = "network_troubles"

    id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    provider: Mapped[str] = mapped_column(sa.Text)
    wallet_id: Mapped[str] = mapped_column(sa.Text)
    tenant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("tenants.id"))
    state: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    began_at: Mapped[datetime]
    sends_at: Mapped[datetime | None]
    polls_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ending: Mapped[str | None] = mapped_column(sa.Text)
    told: Mapped[int]

    __table_args__ = (
        sa.CheckConstraint("state IN ('DEGRADED', 'DOWN')", name="state_legal"),
        sa.CheckConstraint(
            f"(tenant_id IS NULL) = (wallet_id = '{DEPLOYMENT}')", name="a_merchants_or_nobodys"
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ended_iff_it_says_why"),
        sa.CheckConstraint("told BETWEEN 0 AND 2", name="told_of_two"),
        sa.Index(
            "uq_network_troubles_open",
            "provider",
            "wallet_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )


_FRESH = f"> now() - interval '{STAYS_S} s'"
NETWORK_TROUBLES_OPEN = Function(
    "network_troubles_open",
    takes="",
    gives="""tenant_id text, provider text, wallet_id text, state text, reason text,
        began_at timestamptz, sends boolean, polls boolean, is_over boolean""",
    body=f"""
        SELECT tenant_id, provider, wallet_id, state, reason, began_at,
               coalesce(sends_at {_FRESH}, false), coalesce(polls_at {_FRESH}, false),
               NOT (coalesce(sends_at {_FRESH}, true) AND coalesce(polls_at {_FRESH}, true))
          FROM public.network_troubles WHERE ended_at IS NULL
    """,  # noqa: S608 - our own words
)
_FOUND = f"""
SELECT provider, wallet_id, state, reason, began_at, coalesce(sends_at {_FRESH}, false) AS sends
  FROM network_troubles WHERE ended_at IS NULL AND greatest(sends_at, polls_at) {_FRESH}
"""  # noqa: S608 - our own words
_FAILING = f"""
INSERT INTO network_troubles AS known
       (id, provider, wallet_id, tenant_id, state, reason, began_at, sends_at, polls_at, told)
SELECT %(id)s, %(provider)s, %(wallet_id)s, %(tenant_id)s, %(state)s, %(reason)s, now(),
       CASE WHEN %(sends)s THEN now() END, CASE WHEN NOT %(sends)s THEN now() END, 0
 WHERE NOT EXISTS (SELECT FROM network_troubles
                    WHERE provider = %(provider)s AND wallet_id = %(wallet_id)s
                      AND ended_at > now() - interval '{APART_S} s')
    ON CONFLICT (provider, wallet_id) WHERE ended_at IS NULL DO UPDATE SET
       sends_at = coalesce(EXCLUDED.sends_at, known.sends_at),
       polls_at = coalesce(EXCLUDED.polls_at, known.polls_at),
       reason = CASE WHEN known.state = 'DEGRADED' AND EXCLUDED.state = 'DOWN'
                     THEN EXCLUDED.reason ELSE known.reason END,
       state = CASE WHEN known.state = 'DOWN' THEN 'DOWN' ELSE EXCLUDED.state END
RETURNING (xmax = 0) AS began
"""  # noqa: S608 - our own words
_OVER = """
WITH kept AS (
    SELECT id, CASE WHEN sends_at <= now() - make_interval(secs => %(sends_s)s) THEN NULL
                    ELSE sends_at END AS sends_at,
           CASE WHEN polls_at <= now() - make_interval(secs => %(polls_s)s) THEN NULL
                ELSE polls_at END AS polls_at
      FROM network_troubles
     WHERE provider = %(provider)s AND wallet_id = %(wallet_id)s AND ended_at IS NULL FOR UPDATE)
UPDATE network_troubles AS known
   SET sends_at = kept.sends_at, polls_at = kept.polls_at,
       state = CASE WHEN kept.sends_at IS NULL AND kept.polls_at IS NOT NULL
                    THEN 'DEGRADED' ELSE known.state END,
       reason = CASE WHEN kept.sends_at IS NULL AND kept.polls_at IS NOT NULL
                     THEN %(polls_reason)s ELSE known.reason END,
       ended_at = CASE WHEN coalesce(kept.sends_at, kept.polls_at) IS NULL THEN now() END,
       ending = CASE WHEN coalesce(kept.sends_at, kept.polls_at) IS NULL THEN %(ending)s END
  FROM kept
 WHERE known.id = kept.id
   AND (known.sends_at, known.polls_at) IS DISTINCT FROM (kept.sends_at, kept.polls_at)
RETURNING known.ended_at IS NOT NULL AS ended
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How a network is, since when and why; None while all is well. `sends_wait`: sends fail."""

    state: NetworkState = NetworkState.OPERATIONAL
    since: datetime | None = None
    reason: str | None = None
    sends_wait: bool = False


def found(tx: Transaction) -> Mapping[tuple[str, str], Found]:
    """By network and wallet, every trouble that the tenant may know of."""
    return {
        (row.provider, row.wallet_id): Found(
            NetworkState(row.state), row.began_at, row.reason, row.sends
        )
        for row in tx.execute(_FOUND)
    }


def everyones(tx: Transaction) -> dict[Stream, NetworkState]:
    """The streams whose calls fail, of all merchants."""
    rows = tx.session.execute(NETWORK_TROUBLES_OPEN.rows()).all()
    return {
        Stream(action, row.provider, row.wallet_id, livemode=True): NetworkState(row.state)
        for row in rows
        for action, fails in ((NextAction.SUBMIT, row.sends), (NextAction.POLL, row.polls))
        if fails
    }


def failing(tx: Transaction, stream: Stream, state: NetworkState, detail: str) -> None:
    """Calls of the stream fail: begin a trouble, or note that it lasts."""
    sends = stream.action is NextAction.SUBMIT
    said = _sentence(state, detail) if sends else _POLLS
    rows = tx.execute(
        _FAILING,
        id=ids.new("ntr"),
        **_wallet(stream),
        tenant_id=None if stream.wallet_id == DEPLOYMENT else tx.tenant_id,
        state=state,
        reason=said,
        sends=sends,
    )
    if any(row.began for row in rows):
        tx.enqueue(TEND)
        tx.once_committed(
            lambda: log.warning("network_degraded", **_wallet(stream), state=state, reason=said)
        )


def answering(tx: Transaction, stream: Stream, *, took_s: float) -> None:
    """A call of the stream that took so long was answered: what failed before it began is over."""
    sends = stream.action is NextAction.SUBMIT
    _end(tx, stream, ANSWERS, sends_s=took_s if sends else None, polls_s=None if sends else took_s)


def end_old(tx: Transaction, provider: str, wallet_id: str) -> None:
    """End what nobody has found for long."""
    stream = Stream(NextAction.POLL, provider, wallet_id, livemode=True)
    _end(tx, stream, ENDED_BY_ITSELF, sends_s=STAYS_S, polls_s=STAYS_S)


def _end(
    tx: Transaction, stream: Stream, ending: str, *, sends_s: float | None, polls_s: float | None
) -> None:
    rows = tx.execute(
        _OVER,
        **_wallet(stream),
        sends_s=sends_s,
        polls_s=polls_s,
        polls_reason=_POLLS,
        ending=ending,
    )
    if any(row.ended for row in rows):
        tx.enqueue(TEND)
        tx.once_committed(lambda: log.info("network_recovered", **_wallet(stream), reason=ending))


def _wallet(stream: Stream) -> dict[str, str]:
    return {"provider": stream.provider, "wallet_id": stream.wallet_id}


def _sentence(state: NetworkState, detail: str) -> str:
    if state is NetworkState.DOWN:
        return f"the network takes no payments: {detail}"
    return f"the network does not answer clearly whether it takes payments: {detail}"
