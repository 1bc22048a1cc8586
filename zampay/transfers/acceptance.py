"""How a transfer comes to be: the choice of its wallet, its row, the first line of its history and
its Idempotency-Key, in one statement.
"""

from dataclasses import dataclass
from typing import Any

from zampay.infra.database.db import Transaction
from zampay.transfers.states import Evidence, State
from zampay.wallets import choosing
from zampay.wallets.choosing import Chosen
from zampay.wallets.models import Choice

AT_FIRST = {"state": State.PENDING, "position": 1, "submissions": 0, "polls": 0, "in_doubt": False}
_COLUMNS = (
    *("id", "tenant_id", "kind", "livemode", "external_id", "request_digest", "request_id"),
    *("provider", "provider_reference", "callback_token", "amount_minor", "currency"),
    *("msisdn", "payer_message", "payee_note", "metadata", "due_at", "created_at", "updated_at"),
    *AT_FIRST,
)
# `number_has_room` is VOLATILE, so it sees the new row (PostgreSQL manual, 36.7).
_STATEMENT = f"""
    WITH wallet AS ({choosing.STATEMENT}
    ), made AS (
        INSERT INTO transfers ({", ".join(_COLUMNS)}, wallet_id, wallet_choice)
        SELECT {", ".join(f"%({name})s" for name in _COLUMNS)}, id, choice FROM wallet
        ON CONFLICT (tenant_id, livemode, kind, external_id) DO NOTHING
        RETURNING id, tenant_id, livemode, position, state, msisdn, request_digest, wallet_id,
                  wallet_choice
    ), line AS (
        INSERT INTO transitions (transfer_id, position, tenant_id, target, evidence, detail)
        SELECT id, position, tenant_id, state, %(evidence)s, %(detail)s FROM made
    ), bound AS (
        INSERT INTO idempotency_keys (tenant_id, livemode, key, request_digest, transfer_id)
        SELECT tenant_id, livemode, %(idempotency_key)s, request_digest, id FROM made
         WHERE CAST(%(idempotency_key)s AS text) IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING key
    )
    SELECT CASE WHEN %(prompts)s THEN
               number_has_room(made.msisdn, %(max_open)s, %(max_per_minute)s, %(max_per_hour)s)
           ELSE true END AS has_room,
           EXISTS (SELECT FROM bound) AS is_bound, made.wallet_id, made.wallet_choice
      FROM made
"""  # noqa: S608 - names are ours


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a new transfer: whether its number has room for one more prompt, whether the
    Idempotency-Key is its own, and its wallet.
    """

    has_room: bool
    is_bound: bool
    wallet: Chosen


def make(
    tx: Transaction,
    values: dict[str, Any],
    *,
    named_wallet: str | None,
    number_limits: dict[str, int] | None,
    idempotency_key: str | None,
) -> Made | None:
    """Insert the transfer; None when its external id is taken or there is no wallet for it. A
    request for the same id that runs
    at the same time is waited for by the unique index, so that fifty at once make one. Without
    limits the number is not counted; with them, others who ask the same number wait until the
    transaction has ended, and the caller undoes it where there is no room.
    """
    limits = number_limits or {"max_open": 0, "max_per_minute": 0, "max_per_hour": 0}
    given = {
        **values,
        **AT_FIRST,
        **choosing.arguments(values["provider"], named=named_wallet, livemode=values["livemode"]),
        **limits,
        "prompts": number_limits is not None,
        "evidence": Evidence.ACCEPTED,
        "detail": "accepted by us",
        "idempotency_key": idempotency_key,
    }
    found = tx.execute(_STATEMENT, **given).fetchone()
    if found is None:
        return None
    wallet = Chosen(found.wallet_id, Choice(found.wallet_choice))
    return Made(found.has_room, found.is_bound, wallet)
