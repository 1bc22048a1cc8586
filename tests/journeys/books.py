"""Our own books as an auditor reads them: straight from PostgreSQL, and never written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row


@dataclass(frozen=True)
class Books:
    """The database at `url`, read for every tenant."""

    url: str

    def _rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, row_factory=dict_row) as link:
            link.read_only = True
            link.execute("SELECT set_config('zampay.every_tenant', 'on', true)")
            return link.execute(query, values).fetchall()

    def payments(self) -> int:
        """How many payments there are."""
        return int(self._rows("SELECT count(*) AS number FROM transfers")[0]["number"])

    def payment(self, payment_id: str) -> dict[str, Any]:
        """The stored row, with `is_due` and `is_open`."""
        query = (
            "SELECT *, due_at <= now() AS is_due, completed_at IS NULL AS is_open"
            " FROM transfers WHERE id = %(id)s"
        )
        return self._rows(query, id=payment_id)[0]

    def open(self, payment_ids: Sequence[str]) -> int:
        """How many of these have not ended."""
        query = (
            "SELECT count(*) AS number FROM transfers"
            " WHERE id = ANY(%(ids)s) AND completed_at IS NULL"
        )
        return int(self._rows(query, ids=list(payment_ids))[0]["number"])

    def in_state(self, payment_ids: Sequence[str], state: str) -> int:
        """How many of these are in this state."""
        query = (
            "SELECT count(*) AS number FROM transfers WHERE id = ANY(%(ids)s) AND state = %(state)s"
        )
        return int(self._rows(query, ids=list(payment_ids), state=state)[0]["number"])

    def reference(self, payment_id: str) -> str:
        """Under which reference the network knows a payment."""
        found: str = self.payment(payment_id)["provider_reference"]
        return found

    def callbacks(self, payment_id: str) -> list[dict[str, Any]]:
        return self._rows("SELECT * FROM callbacks WHERE transfer_id = %(id)s", id=payment_id)

    def discrepancies(self, payment_id: str) -> list[str]:
        """The kinds of contradiction kept for a payment."""
        query = "SELECT kind FROM discrepancies WHERE transfer_id = %(id)s"
        return [row["kind"] for row in self._rows(query, id=payment_id)]

    def events(self, tenant_id: str) -> list[dict[str, Any]]:
        """All events of a tenant by sequence, with `subject_id` and `type`."""
        query = (
            "SELECT sequence, type, subject_id FROM events"
            " WHERE tenant_id = %(id)s AND livemode ORDER BY sequence"
        )
        return self._rows(query, id=tenant_id)
