"""Whether every tenant's audit log is as it was written; for who sees every tenant's rows."""

import sqlalchemy as sa

from zampay.infra.database.definer import Function

AUDIT_HEADS = Function(
    "audit_heads_now",
    takes="",
    gives="tenant_id text, line bigint, hash text",
    body="SELECT h.tenant_id, h.position, h.hash FROM public.audit_heads h ORDER BY h.tenant_id",
)
_BROKEN = sa.text("""
    SELECT tenant_id, min(line) AS line FROM (
        SELECT l.tenant_id, least(l.position, l.place) AS line FROM (
            SELECT a.tenant_id, a.position, a.hash, a AS whole,
                   row_number() OVER chain AS place,
                   lag(a.hash, 1, '') OVER chain AS previous
              FROM audit_log a WINDOW chain AS (PARTITION BY a.tenant_id ORDER BY a.position)) l
         WHERE l.position <> l.place OR l.hash <> audit_hash(l.whole, l.previous)
        UNION ALL
        SELECT coalesce(h.tenant_id, n.tenant_id),
               CASE WHEN n.position = h.position THEN n.position
                    ELSE least(coalesce(n.position, 0), coalesce(h.position, 0)) + 1 END
          FROM audit_heads h FULL JOIN (
               SELECT DISTINCT ON (tenant_id) tenant_id, position, hash FROM audit_log
                ORDER BY tenant_id, position DESC) n ON n.tenant_id = h.tenant_id
         WHERE (h.position, h.hash) IS DISTINCT FROM (n.position, n.hash)) broken
     GROUP BY tenant_id ORDER BY tenant_id LIMIT :most
""")


def broken(link: sa.Connection, *, most: int) -> list[tuple[str, int]]:
    """(tenant id, the first line that does not fit) of logs that were changed."""
    return [(row.tenant_id, row.line) for row in link.execute(_BROKEN, {"most": most})]
