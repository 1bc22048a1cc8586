"""MTN's bodies, read leniently: nothing they may contain raises, and unknown things are kept out.

Known irregularities: two error envelopes (`code`/`message` of the wallet platform, `statusCode` of
the gateway before it), `error` on the token path, HTML of a firewall, empty bodies; `reason` as an
object or a bare string; numbers where the schema says strings (MTN's own examples).
"""

import json
import re
from typing import Any, Final

from zampay.providers.contract import ProviderResult, ResultStatus
from zampay.providers.mtn import mapping

_IT_EXISTS: Final = frozenset(
    f"{what}_ALREADY_EXIST{end}" for what in ("RESOURCE", "REFERENCE_ID") for end in ("", "S", "ED")
) | {"DUPLICATED_REFERENCE_ID", "DUPLICATE_REFERENCE_ID"}
_IN_WORDS: Final = re.compile(r"duplicated? reference id|already exists?\b", re.IGNORECASE)


def parsed(text: str) -> dict[str, Any]:
    """The JSON object in a body, or an empty one."""
    return _object(text) or {}


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def error_code(text: str) -> str | None:
    """The code of an error answer, from whichever envelope; None for HTML, empty and unknown."""
    body = parsed(text)
    found = (reason(body.get(member)) for member in ("code", "error", "errorCode", "reason"))
    return next((code for code in found if code), None)


def own_code(text: str) -> str | None:
    """The code in the envelope of MTN's wallet platform, and in no other: only it is believed when
    it says that a reference is unknown.
    """
    return _text(parsed(text).get("code"))


def says_that_it_exists(text: str) -> bool:
    """Whether an answer says that the reference is taken: by its code in any spelling, or in words
    (MTN: `RESOURCE_ALREADY_EXIST`, "Duplicated reference id. Creation of resource failed.").
    """
    body = parsed(text)
    code = re.sub(r"[^A-Z]+", "_", (error_code(text) or "").upper()).strip("_")
    words = _text(body.get("message")) or ""
    return code in _IT_EXISTS or _IN_WORDS.search(words) is not None


def is_foreign(text: str) -> bool:
    """Whether a body is none of MTN's: the page of a proxy or firewall, or a part of one."""
    return bool(text.strip()) and _object(text) is None


def result(text: str) -> ProviderResult | None:
    """RequestToPayResult as a report; None when the body is not one."""
    body = parsed(text)
    status = _text(body.get("status"))
    if status is None:
        return None
    known = status.upper() if status.upper() in {"SUCCESSFUL", "FAILED"} else "PENDING"
    return ProviderResult(
        status=ResultStatus(known),
        provider_status=status[:64],
        amount=_text(body.get("amount")),
        currency=_text(body.get("currency")),
        transfer_id=_text(body.get("externalId")),
        provider_transaction_id=_text(body.get("financialTransactionId")),
        failure=mapping.failure(reason(body.get("reason"))) if known == "FAILED" else None,
    )


def reason(found: Any) -> str | None:
    """A reason's code: MTN gives it as text, or in an object."""
    return _text(found.get("code")) if isinstance(found, dict) else _text(found)


def _text(found: Any) -> str | None:
    """Strings and numbers as text of a bounded length; anything else is nothing."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    text = str(found).strip()
    return text[:128] if text else None
