"""MTN's bodies, read leniently: nothing they may contain raises, and unknown things are kept out.

Known irregularities: two error envelopes (`code`/`message` of the wallet platform, `statusCode` of
the gateway before it), `error` on the token path, HTML of a firewall, empty bodies; `reason` as an
object or a bare string; numbers where the schema says strings (MTN's own examples).
"""

import json
from typing import Any

from zampay.providers.contract import Report, ReportStatus
from zampay.providers.mtn import mapping


def parsed(text: str) -> dict[str, Any]:
    """The JSON object in a body, or an empty one."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def error_code(text: str) -> str | None:
    """The code of an error answer, from whichever envelope; None for HTML, empty and unknown."""
    body = parsed(text)
    return _text(body.get("code")) or _text(body.get("error"))


def report(text: str) -> Report | None:
    """RequestToPayResult as a report; None when the body is not one."""
    body = parsed(text)
    status = _text(body.get("status"))
    if status is None:
        return None
    known = status.upper() if status.upper() in {"SUCCESSFUL", "FAILED"} else "PENDING"
    return Report(
        status=ReportStatus(known),
        provider_status=status[:64],
        amount=_text(body.get("amount")),
        currency=_text(body.get("currency")),
        payment_id=_text(body.get("externalId")),
        provider_transaction_id=_text(body.get("financialTransactionId")),
        failure=mapping.failure(_reason(body.get("reason"))) if known == "FAILED" else None,
    )


def _reason(found: Any) -> str | None:
    return _text(found.get("code")) if isinstance(found, dict) else _text(found)


def _text(found: Any) -> str | None:
    """Strings and numbers as text of a bounded length; anything else is nothing."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    text = str(found).strip()
    return text[:128] if text else None
