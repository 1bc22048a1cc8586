"""Whether every transfer's history is as it was written; for who sees every tenant's rows."""

import sqlalchemy as sa

from zampay.infra.database.definer import Function

HISTORY_OF_DAY = Function(
    "history_of_day",
    takes="day date",
    gives="transitions bigint, hash text",
    body="""
        SELECT count(*), encode(sha256(convert_to(coalesce(
                   string_agg(m.hash, '' ORDER BY m.transfer_id, m.position), ''), 'UTF8')), 'hex')
          FROM public.transitions m
         WHERE m.at >= day::timestamp AT TIME ZONE 'UTC'
           AND m.at < (day + 1)::timestamp AT TIME ZONE 'UTC'
    """,
)
_BROKEN = sa.text("""
    SELECT transfer_id, min(line) AS line FROM (
        SELECT l.transfer_id, least(l.position, l.place) AS line FROM (
            SELECT m.transfer_id, m.position, m.hash, m AS whole,
                   row_number() OVER chain AS place,
                   lag(m.hash, 1, '') OVER chain AS previous
              FROM transitions m
            WINDOW chain AS (PARTITION BY m.transfer_id ORDER BY m.position)) l
         WHERE l.position <> l.place OR l.hash <> transition_hash(l.whole, l.previous)
        UNION ALL
        SELECT p.id, least(p.position, coalesce(n.position, 0)) + 1
          FROM transfers p LEFT JOIN (
               SELECT transfer_id, max(position) AS position FROM transitions
                GROUP BY transfer_id) n ON n.transfer_id = p.id
         WHERE p.position IS DISTINCT FROM n.position) broken
     GROUP BY transfer_id ORDER BY transfer_id LIMIT :most
""")


def broken(link: sa.Connection, *, most: int) -> list[tuple[str, int]]:
    """(transfer id, the first line that does not fit) of histories that were changed."""
    return [(row.transfer_id, row.line) for row in link.execute(_BROKEN, {"most": most})]
