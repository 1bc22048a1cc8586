"""What must never happen to money is refused by PostgreSQL itself, whatever the code does."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import errors

from tests.infra.rows import fill, session, written
from tests.support.kept import Once
from tests.support.merchants import Merchant
from tests.support.objects import NOBODY_LISTENS
from zampay.infra.database.db import db

ACCEPTED = {
    "id": "'pay_other'",
    "livemode": "NOT livemode",
    "external_id": "'order-other'",
    "provider": "'OTHER'",
    "wallet_id": "'wal_other'",
    "wallet_choice": "'named'",
    "provider_reference": "'other'",
    "amount_minor": "amount_minor + 1",
    "currency": "'EUR'",
    "msisdn": "'260963123450'",
    "created_at": "created_at - interval '1 day'",
}
OUTCOME = {
    "state": "'PROCESSING', completed_at = NULL, failure = NULL, due_at = now()",
    "failure": '\'{"code": "unspecified"}\'',
    "provider_transaction_id": "'1'",
    "completed_at": "completed_at + interval '1 second'",
    "position": "position + 1",
}
_UPDATE = "UPDATE transfers SET {} = {} WHERE id = %s"
_INSERT = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM"
    " (SELECT (jsonb_populate_record(t, jsonb_build_object({made}))).* FROM {table} t {whose}) made"
)
APPEND_ONLY = ["audit_log", "transitions", "events"]


@pytest.fixture
def payment(app: Flask, merchant: Merchant, once: Once) -> str:
    """A payment that is still open, with a trace in every table."""

    def made() -> str:
        merchant.post("/webhook-endpoints", {"url": NOBODY_LISTENS}, live=False)
        cancelled = merchant.pay(live=False).json["id"]
        merchant.post(f"/payments/{cancelled}/cancel", live=False)
        fill(app, merchant.tenant_id)
        created: str = merchant.pay(live=False).json["id"]
        return created

    return once("open", made)


@pytest.fixture
def failed(merchant: Merchant, payment: str, once: Once) -> str:
    """A payment that has ended."""

    def made() -> str:
        ended = merchant.post(f"/payments/{payment}/cancel", live=False)
        assert ended.json["status"] == "FAILED"
        return payment

    return once("failed", made)


def refused(app: Flask, merchant: Merchant, error: type[Exception], text: str, *values: Any) -> str:
    """The name of the constraint, or the words, by which PostgreSQL refuses a statement."""
    with session(app, merchant.tenant_id) as connection:
        with pytest.raises(error) as raised:
            connection.execute(text, values)
        assert isinstance(raised.value, psycopg.Error)
        return raised.value.diag.constraint_name or raised.value.diag.message_primary or ""


def test_the_database_has_the_constraints_of_the_models_by_their_names(app: Flask) -> None:
    wanted = {
        str(constraint.name)
        for table in db.metadata.sorted_tables
        for constraint in table.constraints
        if constraint.name is not None
    }
    with session(app, None) as connection:
        found = connection.execute("SELECT conname FROM pg_constraint WHERE contype <> 'n'")
        assert wanted - {name for (name,) in found} == set()


def inserted(table: str, made: str, whose: str) -> str:
    """Insert a copy of a row that differs in some columns."""
    columns = ", ".join(written(table))
    return _INSERT.format(table=table, columns=columns, made=made, whose=whose)


def copied(changes: dict[str, str]) -> str:
    """Insert a copy of a payment that differs in some columns."""
    fresh = {"id": "'pay_copy'", "external_id": "'copy'", "provider_reference": "'copy'"}
    wanted = {**fresh, "callback_token": "'copy'", **changes}
    made = ", ".join(f"'{name}', {value}" for name, value in wanted.items())
    return inserted("transfers", made, "WHERE t.id = %s")


def test_a_copy_that_differs_enough_is_taken(app: Flask, merchant: Merchant, payment: str) -> None:
    with session(app, merchant.tenant_id) as connection:
        assert connection.execute(copied({}), [payment]).rowcount == 1


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount_minor": "0"}, "ck_transfers_amount_positive"),
        ({"amount_minor": "-1250"}, "ck_transfers_amount_positive"),
        ({"wallet_choice": "'chance'"}, "ck_transfers_choice_known"),
        ({"state": "'PAID'"}, "ck_transfers_state_legal"),
        ({"state": "'FAILED'", "completed_at": "now()"}, "ck_transfers_failure_iff_failed"),
        ({"failure": "'{}'::jsonb"}, "ck_transfers_failure_iff_failed"),
        ({"state": "'SUCCESSFUL'"}, "ck_transfers_completed_iff_final"),
        ({"completed_at": "now()"}, "ck_transfers_completed_iff_final"),
        ({"due_at": "NULL::text"}, "ck_transfers_open_rows_are_due_some_day"),
    ],
)
def test_an_impossible_payment_is_refused(
    app: Flask, merchant: Merchant, payment: str, changes: dict[str, str], constraint: str
) -> None:
    found = refused(app, merchant, errors.CheckViolation, copied(changes), payment)
    assert found == constraint


@pytest.mark.parametrize(
    ("column", "constraint"),
    [
        ("external_id", "uq_transfers_tenant_id_livemode_kind_external_id"),
        ("provider_reference", "uq_transfers_provider_provider_reference"),
        ("callback_token", "uq_transfers_callback_token"),
        ("id", "pk_transfers"),
    ],
)
def test_what_is_unique_stays_so(
    app: Flask, merchant: Merchant, payment: str, column: str, constraint: str
) -> None:
    text = copied({column: f"t.{column}"})
    assert refused(app, merchant, errors.UniqueViolation, text, payment) == constraint


@pytest.mark.parametrize("column", ACCEPTED)
def test_what_was_accepted_never_changes(
    app: Flask, merchant: Merchant, payment: str, column: str
) -> None:
    text = _UPDATE.format(column, ACCEPTED[column])
    words = refused(app, merchant, errors.RestrictViolation, text, payment)
    assert words == "what was accepted never changes"


@pytest.mark.parametrize("column", OUTCOME)
def test_final_is_final(app: Flask, merchant: Merchant, failed: str, column: str) -> None:
    text = _UPDATE.format(column, OUTCOME[column])
    assert refused(app, merchant, errors.RestrictViolation, text, failed) == "final is final"


def test_a_failure_never_becomes_a_success(app: Flask, merchant: Merchant, failed: str) -> None:
    text = "UPDATE transfers SET state = 'SUCCESSFUL', failure = NULL WHERE id = %s"
    assert refused(app, merchant, errors.RestrictViolation, text, failed) == "final is final"


def test_a_payment_is_never_deleted(app: Flask, merchant: Merchant, payment: str) -> None:
    words = refused(
        app, merchant, errors.RestrictViolation, "DELETE FROM transfers WHERE id = %s", payment
    )
    assert words == "transfers are never deleted"


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET tenant_id = tenant_id"])
def test_history_is_append_only(
    app: Flask, merchant: Merchant, payment: str, table: str, change: str
) -> None:
    words = refused(app, merchant, errors.RestrictViolation, change.format(table))
    assert words == f"{table} is append-only"


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        ("transitions", "pk_transitions"),
        ("callbacks", "uq_callbacks_transfer_id_body_digest"),
        ("idempotency_keys", "pk_idempotency_keys"),
        ("discrepancies", "uq_discrepancies_transfer_id_kind_theirs"),
        ("events", "uq_events_tenant_id_livemode_sequence"),
        ("api_keys", "uq_api_keys_hash"),
    ],
)
def test_a_trace_is_kept_once(
    app: Flask, merchant: Merchant, payment: str, table: str, constraint: str
) -> None:
    number = "0" if table == "callbacks" else "'other'"
    text = inserted(table, f"'id', {number}", "LIMIT 1")
    assert refused(app, merchant, errors.UniqueViolation, text) == constraint
