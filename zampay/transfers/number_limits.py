"""How often one number may be asked for money: each live transfer is a prompt on somebody's phone.

Counted in the database over all tenants, in the transaction that accepts a live transfer, so that
many requests at once are counted exactly. A replay is no new prompt. One tenant may use half
of each limit, so that nobody alone decides whether a number can be asked.
"""

from typing import NoReturn

from flask import current_app

from zampay.infra.telemetry import metrics
from zampay.kernel.errors import ZamPayError

RETRY_AFTER_S = 60


class TooManyForNumber(ZamPayError):
    """The number has been asked too often, or too many transfers from it are open. Alike, whoever
    asked: what others do with a number is nobody's business.
    """

    code = "too_many_for_number"
    status = 429
    title = "This number has been asked often enough for now"
    advice = "let the payer answer the open request; wait `Retry-After` seconds before another"


def limits() -> dict[str, int]:
    """How often one number may be asked, as `number_has_room` of the database takes it."""
    return {
        name: current_app.config[f"NUMBER_{name.upper()}"]
        for name in ("max_open", "max_per_minute", "max_per_hour")
    }


def refuse() -> NoReturn:
    """Count and tell that there is no room for one more prompt.

    Raises:
        TooManyForNumber.
    """
    metrics.NUMBER_LIMITED.inc()
    raise TooManyForNumber(retry_after_s=RETRY_AFTER_S)
