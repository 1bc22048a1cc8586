"""One line in the tenant's audit log, in the transaction of the action itself."""

from typing import Any

from zampay.infra.database.db import Transaction
from zampay.tenants.models import AuditEntry

CONSOLE = "console"
"""The address of those who act on the command line."""


def record(
    tx: Transaction,
    *,
    action: str,
    actor: str,
    address: str | None,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Append an entry: `action` is thing.verb, `actor` a key's id or `operator:<name>`."""
    tx.session.add(
        AuditEntry(
            tenant_id=tx.tenant_id,
            action=action,
            actor=actor,
            address=address,
            subject=subject,
            details=_whole(details),
        )
    )


def _whole(value: Any) -> Any:
    """The same without fractions, which two programs may write in two ways (see `kernel.chain`)."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else str(value)
    if isinstance(value, dict):
        return {str(name): _whole(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return value
