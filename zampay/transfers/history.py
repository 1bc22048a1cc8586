"""Whether every payment's history is as it was written; for who sees every tenant's rows."""

import sqlalchemy as sa

from zampay.infra.database.definer import Function

HISTORY_OF_DAY = Function(
    "history_of_day",
    takes="day date",
    gives="moves bigint, hash text",
    body="""
        SELECT count(*), encode(sha256(convert_to(coalesce(
                   string_agg(m.hash, '' ORDER BY m.payment_id, m.position), ''), 'UTF8')), 'hex')
          FROM public.payment_moves m
         WHERE m.at >= day::timestamp AT TIME ZONE 'UTC'
           AND m.at < (day + 1)::timestamp AT TIME ZONE 'UTC'
    """,
)
_BROKEN = sa.text("""
    SELECT payment_id, min(line) AS line FROM (
        SELECT l.payment_id, least(l.position, l.place) AS line FROM (
            SELECT m.payment_id, m.position, m.hash, m AS whole,
                   row_number() OVER chain AS place,
                   lag(m.hash, 1, '') OVER chain AS previous
              FROM payment_moves m
            WINDOW chain AS (PARTITION BY m.payment_id ORDER BY m.position)) l
         WHERE l.position <> l.place OR l.hash <> move_hash(l.whole, l.previous)
        UNION ALL
        SELECT p.id, least(p.position, coalesce(n.position, 0)) + 1
          FROM payments p LEFT JOIN (
               SELECT payment_id, max(position) AS position FROM payment_moves
                GROUP BY payment_id) n ON n.payment_id = p.id
         WHERE p.position IS DISTINCT FROM n.position) broken
     GROUP BY payment_id ORDER BY payment_id LIMIT :most
""")


def broken(link: sa.Connection, *, most: int) -> list[tuple[str, int]]:
    """(payment id, the first line that does not fit) of histories that were changed."""
    return [(row.payment_id, row.line) for row in link.execute(_BROKEN, {"most": most})]
