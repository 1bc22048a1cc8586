"""What must hold of every transfer, asked of the database: only a defect of ours can break it.

What constraints and triggers already refuse is not asked again. Each query names the transfers (or
tenants) that break one rule; none is the only good answer.
"""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from zampay.infra.database.definer import Function
from zampay.kernel import ids

LAST_HOURS = timedelta(hours=2)
EVER = "pay_"
"""The id that every transfer's id is above."""

QUERIES: Final[dict[str, str]] = {
    "final_without_event": """
        SELECT p.id FROM public.transfers p
         WHERE p.completed_at IS NOT NULL AND p.id >= :since
           AND NOT EXISTS (SELECT FROM public.events e WHERE e.subject_id = p.id
                            AND e.type = p.kind || '.' || lower(p.state))
    """,
    "history_disagrees": """
        SELECT p.id FROM public.transfers p
         WHERE p.id >= :since
           AND NOT EXISTS (SELECT FROM public.transitions m WHERE m.transfer_id = p.id
                            AND m.position = p.position AND m.target = p.state)
    """,
    "paid_without_being_sent": """
        SELECT p.id FROM public.transfers p
         WHERE p.state = 'SUCCESSFUL' AND p.submissions = 0 AND p.id >= :since
           AND NOT (NOT p.livemode AND EXISTS (
                SELECT FROM transitions m WHERE m.transfer_id = p.id AND m.evidence = 'test'))
    """,
    "paid_without_evidence": """
        SELECT m.transfer_id AS id FROM public.transitions m
         WHERE m.target = 'SUCCESSFUL' AND m.transfer_id >= :since
           AND m.evidence NOT IN ('submitted', 'enquiry', 'callback', 'operator')
           AND NOT (m.evidence = 'test' AND EXISTS (
                SELECT FROM transfers p WHERE p.id = m.transfer_id AND NOT p.livemode))
    """,
    "wallet_of_another": """
        SELECT p.id FROM public.transfers p
         WHERE p.wallet_id <> 'deployment' AND p.id >= :since
           AND NOT (p.livemode AND EXISTS (
                SELECT FROM public.wallets w WHERE w.id = p.wallet_id
                   AND w.tenant_id = p.tenant_id AND w.provider = p.provider))
    """,
    "numbering_disagrees": """
        SELECT c.tenant_id AS id FROM public.event_counters c
         WHERE c.last <> (SELECT coalesce(max(e.sequence), 0) FROM public.events e
                           WHERE e.tenant_id = c.tenant_id AND e.livemode = c.livemode)
    """,
}


VIOLATIONS = Function(
    "invariant_violations",
    takes="since text",
    gives="invariant text, violations bigint",
    body=" UNION ALL ".join(
        f"SELECT '{name}', count(*) FROM ({query.replace(':since', 'since')}) broken"  # noqa: S608
        for name, query in QUERIES.items()
    ),
)


def count(link: sa.Connection, *, of_the_last_hours: bool) -> dict[str, int]:
    """Violations by invariant; of transfers of the last hours (ids begin with their time, so that
    the primary key finds them), or of all.
    """
    since = EVER
    if of_the_last_hours:
        newest_s = link.scalar(sa.text("SELECT extract(epoch FROM now())"))
        since = ids.first_of("pay", float(newest_s or 0) - LAST_HOURS.total_seconds())
    found = link.execute(VIOLATIONS.rows(), {"since": since})
    return {row.invariant: row.violations for row in found}


def newest(link: sa.Connection, name: str, *, limit: int) -> list[str]:
    """Ids of those of all times that break one rule, newest first; for who sees every tenant."""
    violators = _violators(name, EVER)
    return list(
        link.scalars(sa.select(violators.c.id).order_by(violators.c.id.desc()).limit(limit))
    )


def _violators(name: str, since: str) -> sa.Subquery:
    query = sa.text(QUERIES[name])
    if ":since" in QUERIES[name]:
        query = query.bindparams(since=since)
    return query.columns(sa.column("id", sa.Text)).subquery("violators")
