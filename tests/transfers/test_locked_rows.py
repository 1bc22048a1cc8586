"""A row that is locked for work."""

import pytest
from flask import Flask

from tests.support.fakes import ScriptedNetwork
from tests.support.given import accept
from tests.support.merchants import Merchant
from zampay.infra.database.db import transaction
from zampay.transfers import locked_rows


def test_a_row_is_locked_once_in_a_transaction(
    app: Flask, merchant: Merchant, network: ScriptedNetwork
) -> None:
    transfer = accept(app, merchant)
    with app.app_context(), transaction(transfer.tenant_id) as tx:
        locked_rows.locked(tx, transfer.id)
        with pytest.raises(AssertionError, match="locked once"):
            locked_rows.locked(tx, transfer.id)
