"""What is asked of the database for one endpoint: few statements, each for many deliveries."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from zampay.infra.database.db import Transaction
from zampay.infra.database.definer import Function
from zampay.webhooks.models import Endpoint

IN_FLIGHT, IN_FLIGHT_UNANSWERED = 4, 1
"""Attempts at once for an endpoint; and for one that fails, or that has not answered yet."""
DUE_ENDPOINTS = Function(
    "due_endpoints",
    takes="most integer",
    gives="id text, tenant_id text",
    body=f"""
        SELECT e.id, e.tenant_id
          FROM public.webhook_endpoints e
         CROSS JOIN LATERAL (
               SELECT d.due_at FROM public.webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.due_at <= now()
                ORDER BY d.due_at
                LIMIT 1) owed
         WHERE CASE WHEN e.failing_since IS NULL AND e.latency_ms IS NOT NULL
                    THEN {IN_FLIGHT} ELSE {IN_FLIGHT_UNANSWERED} END
             > (SELECT count(*) FROM public.webhook_deliveries w
                 WHERE w.endpoint_id = e.id AND w.leased_until > now())
         ORDER BY e.failing_since IS NOT NULL, owed.due_at
         LIMIT most
    """,  # noqa: S608
)
_LOCK = f"""
    WITH endpoint AS MATERIALIZED (
        SELECT * FROM webhook_endpoints
         WHERE tenant_id = %(tenant_id)s AND id = %(endpoint_id)s
           FOR NO KEY UPDATE),
    recorded AS (
        UPDATE webhook_deliveries d
           SET leased_until = NULL, status = r.status, due_at = r.due_at,
               delivered_at = coalesce(r.delivered_at, d.delivered_at),
               answer_status = r.answer_status, answer_text = r.answer_text,
               latency_ms = r.latency_ms
          FROM endpoint e, unnest(
               %(delivery_id)s::text[], %(until)s::timestamptz[],
               %(status)s::text[], %(due_at)s::timestamptz[],
               %(delivered_at)s::timestamptz[], %(answer_status)s::integer[],
               %(answer_text)s::text[], %(latency_ms)s::integer[])
               AS r(id, until, status, due_at, delivered_at, answer_status, answer_text, latency_ms)
         WHERE d.endpoint_id = e.id AND d.id = r.id AND d.leased_until = r.until
        RETURNING d.id)
    SELECT e.*,
           ARRAY(SELECT id FROM recorded) AS recorded,
           (SELECT count(*) FROM (
               SELECT FROM webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.due_at <= now() LIMIT {IN_FLIGHT}) o) AS owed,
           (SELECT count(*) FROM webhook_deliveries w
             WHERE w.endpoint_id = e.id AND w.leased_until > now()
               AND w.id <> ALL (%(delivery_id)s::text[])) AS under_way
      FROM endpoint e
"""  # noqa: S608
"""`endpoint` is locked before its deliveries, as everywhere: another order can deadlock. All parts
see the rows as they were when the statement began, perhaps before it waited for the lock; so what
is owed and under way may have changed, and `_LEASE` counts again.
"""
_DUE = """
    SELECT d.id FROM webhook_deliveries d
     WHERE d.tenant_id = %(tenant_id)s AND d.endpoint_id = %(endpoint_id)s AND d.due_at <= now()
     ORDER BY d.due_at
"""
_LEASE = f"""
    WITH due AS ({_DUE}
         LIMIT greatest(0, least(%(most)s, %(at_once)s - (
               SELECT count(*) FROM webhook_deliveries w
                WHERE w.endpoint_id = %(endpoint_id)s AND w.leased_until > now())))
           FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE webhook_deliveries d
       SET attempts = d.attempts + 1, last_attempt_at = now(),
           leased_until = %(until)s, due_at = %(until)s
      FROM due, events v
     WHERE d.id = due.id AND v.id = d.event_id
    RETURNING d.id AS delivery_id, d.attempts,
              v.id, v.type, v.sequence, v.livemode, v.created_at, v.data
"""  # noqa: S608
_PUT_OFF = f"""
    UPDATE webhook_deliveries SET due_at = %(until)s
     WHERE id IN ({_DUE} LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Record:
    """What becomes of a delivery after an attempt whose lease is `until`."""

    delivery_id: str
    until: datetime
    status: str
    due_at: datetime | None
    delivered_at: datetime | None
    answer_status: int | None
    answer_text: str
    latency_ms: int


_COLUMNS: Final = tuple(Endpoint.__table__.columns.keys())
_RECORD: Final = tuple(Record.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Found:
    """An endpoint, locked, and how it stands. `recorded` are the deliveries whose attempt still had
    its lease; `owed` is at most what may be leased at once.
    """

    endpoint: Endpoint
    recorded: frozenset[str]
    owed: int
    under_way: int

    @property
    def answers(self) -> bool:
        """Whether the endpoint has answered, and its last answer was a success."""
        return self.endpoint.latency_ms is not None and self.endpoint.failing_since is None

    @property
    def at_once(self) -> int:
        """How many attempts the endpoint may have at once."""
        return IN_FLIGHT if self.answers else IN_FLIGHT_UNANSWERED

    @property
    def room(self) -> int:
        """How many more it may have."""
        return max(self.at_once - self.under_way, 0)


def lock_and_record(
    tx: Transaction, endpoint_id: str, records: Sequence[Record] = ()
) -> Found | None:
    """Lock the endpoint, record what became of its attempts, and see what it is owed."""
    rows = [asdict(record) for record in records]
    columns = {name: [row[name] for row in rows] for name in _RECORD}
    named = {"tenant_id": tx.tenant_id, "endpoint_id": endpoint_id, **columns}
    row = tx.execute(_LOCK, **named).fetchone()
    if row is None:
        return None
    endpoint, values = Endpoint(), row._asdict()
    endpoint.__dict__.update((name, values[name]) for name in _COLUMNS)
    return Found(endpoint, frozenset(row.recorded), row.owed, row.under_way)


def change(tx: Transaction, endpoint: Endpoint, **changes: Any) -> None:
    """Change columns of a locked endpoint."""
    columns = ", ".join(f"{name} = %({name})s" for name in changes)
    row = "tenant_id = %(row_tenant)s AND id = %(row_id)s"
    tx.execute(
        f"UPDATE webhook_endpoints SET {columns} WHERE {row}",  # noqa: S608 - our own names
        row_tenant=tx.tenant_id,
        row_id=endpoint.id,
        **changes,
    )
    endpoint.__dict__.update(changes)


def lease(tx: Transaction, found: Found, *, most: int, until: datetime) -> list[Any]:
    """Lease so many of its deliveries that are due, those due for longest; with their events, in
    the order of these.
    """
    named = _named(tx, found, most=most, until=until)
    rows = tx.execute(_LEASE, **named, at_once=found.at_once)
    return sorted(rows, key=lambda row: row.sequence)


def put_off(tx: Transaction, found: Found, *, most: int, until: datetime) -> None:
    """Let so many of its deliveries that are due be due then instead."""
    tx.execute(_PUT_OFF, **_named(tx, found, most=most, until=until))


def _named(tx: Transaction, found: Found, **named: Any) -> dict[str, Any]:
    return {"tenant_id": tx.tenant_id, "endpoint_id": found.endpoint.id, **named}


def due(tx: Transaction, *, limit: int) -> list[tuple[str, str]]:
    """(endpoint id, tenant id) of those that are owed something and have room, of every tenant.

    Who waits longest comes first, those that fail after the others. So none delays another, however
    much it is owed.
    """
    rows = tx.session.execute(DUE_ENDPOINTS.rows(), {"most": limit})
    return [(row.id, row.tenant_id) for row in rows]
