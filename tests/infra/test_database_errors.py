"""An error of the database says what was wrong, and nothing of the row that it was about."""

import json
import traceback

import pytest
import sentry_sdk
import sqlalchemy as sa
import structlog
from flask import Flask

from tests.infra.reports import Kept, kept
from tests.infra.rows import written
from tests.support.log_lines import logging_as_before
from tests.support.merchants import Merchant
from zampay.infra.database.db import EVERY_TENANT, transaction
from zampay.infra.health import health_connection
from zampay.infra.telemetry import logs
from zampay.kernel import ids
from zampay.transfers.models import Transfer

__all__ = ["kept", "logging_as_before"]

PAYMENTS = Transfer.metadata.tables["transfers"]
MESSAGE = "for the wedding\nHINT: of Mutale"
NOTE = "cart-of-Mutale"
WRONG: dict[str, dict[str, object]] = {
    "new row for relation": {"amount_minor": -1},
    "duplicate key value": {},
    "null value in column": {"id": ids.new("pay"), "provider": None},
    "invalid input syntax": {"id": ids.new("pay"), "created_at": NOTE},
}


@pytest.fixture
def row(app: Flask, merchant: Merchant) -> dict[str, object]:
    """A payment of which every private part is filled, as it is stored."""
    made = merchant.pay(live=False, metadata={"cart": NOTE}).json["id"]
    columns = [PAYMENTS.c[name] for name in written("transfers")]
    with app.app_context(), transaction(merchant.tenant_id) as tx:
        found = tx.session.execute(sa.select(*columns).where(PAYMENTS.c.id == made)).one()
    return {**found._mapping, "payer_message": MESSAGE}


@pytest.fixture(params=WRONG)
def error(app: Flask, row: dict[str, object], request: pytest.FixtureRequest) -> sa.exc.DBAPIError:
    """One for each way in which PostgreSQL refuses an INSERT of such a row.

    Of a table with row-level security it quotes no row; so this is one without.
    """
    bare = PAYMENTS.to_metadata(sa.MetaData(), name="bare_transfers")
    like = "CREATE TEMP TABLE bare_transfers (LIKE transfers INCLUDING ALL) ON COMMIT DROP"
    with app.app_context(), transaction(EVERY_TENANT) as tx:
        tx.session.execute(sa.text(like))
        tx.session.execute(sa.insert(bare).values(row))
        with pytest.raises(sa.exc.DBAPIError, match=request.param) as caught:
            tx.session.execute(sa.insert(bare).values({**row, **WRONG[request.param]}))
        tx.session.rollback()
    return caught.value


def private(row: dict[str, object]) -> list[str]:
    return [str(row["callback_token"]), str(row["msisdn"]), "wedding", "of Mutale", NOTE]


def test_its_own_text_holds_no_value_of_the_row(
    row: dict[str, object], error: sa.exc.DBAPIError
) -> None:
    told = "".join(traceback.format_exception(error))
    assert "INSERT INTO bare_transfers" in told
    for secret in private(row):
        assert secret not in told + repr(error.orig)


@pytest.mark.parametrize("readable", [True, False])
def test_neither_do_log_and_report(
    row: dict[str, object],
    error: sa.exc.DBAPIError,
    kept: Kept,
    logging_as_before: None,
    capsys: pytest.CaptureFixture[str],
    *,
    readable: bool,
) -> None:
    logs.init(level="INFO", readable=readable)
    structlog.get_logger().error("unexpected_error", exc_info=error)
    sentry_sdk.capture_exception(error)
    reported = json.dumps(kept.events, ensure_ascii=False, default=str)
    for told in (capsys.readouterr().out, reported):
        assert type(error.orig).__name__ in told
        for secret in private(row):
            assert secret not in told


def test_the_probe_is_as_discreet(app: Flask) -> None:
    asked = sa.text("SELECT CAST(:note AS integer)")
    with (
        app.app_context(),
        pytest.raises(sa.exc.DataError, match="invalid input syntax") as caught,
        health_connection.connection() as link,
    ):
        link.execute(asked, {"note": NOTE})
    assert NOTE not in "".join(traceback.format_exception(caught.value))
