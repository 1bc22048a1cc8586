"""Tells merchants that a network of theirs is degraded, and that it has recovered: one event for
each change and merchant.

Each merchant's event has a transaction of its own, and the unique key of events (subject, position)
says whether a merchant has theirs: whoever dies in between leaves the rest to the next, and two at
once tell nobody twice.
"""

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from zampay.infra.database.db import NO_TENANT, transaction
from zampay.infra.database.definer import Function
from zampay.kernel.clock import rfc3339
from zampay.providers.profile import DEPLOYMENT, Kind
from zampay.transfers import network_states
from zampay.transfers.network_states import NetworkState
from zampay.webhooks import event_types, events

log = structlog.get_logger()
BATCH: Final = 200
LATELY: Final = timedelta(hours=24)
"""Who has used the deployment's wallet so long before a trouble, or since, is told of it."""
BEGIN, END = 1, 2
_KINDS = ", ".join(f"'{kind}'" for kind in Kind)
TROUBLES_UNTOLD: Final = Function(
    "network_troubles_untold",
    takes="",
    gives="""id text, tenant_id text, provider text, wallet_id text, state text, reason text,
        began_at timestamptz, ended_at timestamptz, ending text, told integer""",
    body=f"""
        SELECT id, tenant_id, provider, wallet_id, state, reason, began_at, ended_at, ending, told
          FROM public.network_troubles
         WHERE told < {BEGIN} OR ended_at IS NOT NULL AND told < {END}
         ORDER BY began_at LIMIT {BATCH}
    """,  # noqa: S608 - our own words
)
TENANTS_CONCERNED: Final = Function(
    "tenants_concerned",
    takes="network text, wallet text, since timestamptz, after text",
    gives="tenant_id text",
    body=f"""
        SELECT t.id FROM public.tenants t
         WHERE t.id > after AND EXISTS (
               SELECT FROM public.transfers p
                WHERE p.tenant_id = t.id AND p.livemode AND p.kind IN ({_KINDS})
                  AND p.provider = network AND p.wallet_id = wallet AND p.created_at >= since)
         ORDER BY t.id LIMIT {BATCH}
    """,  # noqa: S608 - our own words
)


def tend() -> None:
    """End what nobody finds any more, and tell what has not been told."""
    with transaction(NO_TENANT) as tx:
        troubles = tx.session.execute(network_states.NETWORK_TROUBLES_OPEN.rows()).all()
    for trouble in troubles:
        if trouble.is_over:
            with transaction(trouble.tenant_id or NO_TENANT) as tx:
                network_states.end_old(tx, trouble.provider, trouble.wallet_id)
    with transaction(NO_TENANT) as tx:
        untold = tx.session.execute(TROUBLES_UNTOLD.rows()).all()
    for trouble in untold:
        for position in range(trouble.told + 1, (BEGIN if trouble.ended_at is None else END) + 1):
            _tell(trouble, position)


def _tell(trouble: sa.Row[Any], position: int) -> None:
    after = ""
    while tenants := _concerned(trouble, after):
        for tenant_id in tenants:
            _tell_one(tenant_id, trouble, position)
        after = tenants[-1]
    with transaction(trouble.tenant_id or NO_TENANT) as tx:
        tx.execute(
            "UPDATE network_troubles SET told = greatest(told, %(told)s) WHERE id = %(id)s",
            told=position,
            id=trouble.id,
        )


def _concerned(trouble: sa.Row[Any], after: str) -> list[str]:
    """The next merchants concerned: the wallet's own, or who has used the deployment's."""
    if trouble.tenant_id is not None:
        return [trouble.tenant_id] if not after else []
    values = {
        "network": trouble.provider,
        "wallet": trouble.wallet_id,
        "since": trouble.began_at - LATELY,
        "after": after,
    }
    with transaction(NO_TENANT) as tx:
        return list(tx.session.scalars(TENANTS_CONCERNED.rows(), values))


def _tell_one(tenant_id: str, trouble: sa.Row[Any], position: int) -> None:
    """Publish it, unless the merchant has it; who was not told of the begin hears of no end."""
    subject = f"{trouble.id}:{tenant_id}"
    try:
        with transaction(tenant_id) as tx:
            had = tx.execute(
                "SELECT position FROM events WHERE subject_id = %(subject)s", subject=subject
            )
            if [row.position for row in had] != list(range(BEGIN, position)):
                return
            events.publish(
                tx,
                livemode=True,
                event_type=_TYPES[position],
                subject_id=subject,
                position=position,
                data=_data(trouble, position),
            )
    except sa.exc.IntegrityError:  # another worker was first
        log.info("network_event_told_already", trouble=trouble.id, tenant_id=tenant_id)


_TYPES = {BEGIN: event_types.NETWORK_DEGRADED, END: event_types.NETWORK_RECOVERED}


def _data(trouble: sa.Row[Any], position: int) -> dict[str, Any]:
    begins = position == BEGIN
    return {
        "provider": trouble.provider,
        "walletId": None if trouble.wallet_id == DEPLOYMENT else trouble.wallet_id,
        "state": trouble.state if begins else NetworkState.OPERATIONAL,
        "since": rfc3339(trouble.began_at if begins else trouble.ended_at),
        "reason": trouble.reason if begins else trouble.ending,
    }
