"""MTN's bodies, read leniently: nothing they may contain raises, and unknown things are kept out.

Known irregularities: two error envelopes (`code`/`message` of the wallet platform, `statusCode` of
the gateway before it), `error` on the token path, HTML of a firewall, empty bodies; `reason` as an
object or a bare string; numbers where the schema says strings (MTN's own examples).
"""

import re
from typing import Any, Final

from zampay.providers.contract import ProviderResult, ResultStatus
from zampay.providers.json_text import parsed, word
from zampay.providers.mtn import mapping

_IT_EXISTS: Final = frozenset(
    f"{what}_ALREADY_EXIST{end}" for what in ("RESOURCE", "REFERENCE_ID") for end in ("", "S", "ED")
) | {"DUPLICATED_REFERENCE_ID", "DUPLICATE_REFERENCE_ID"}
_IN_WORDS: Final = re.compile(r"duplicated? reference id|already exists?\b", re.IGNORECASE)


def error_code(text: str) -> str | None:
    """The code of an error answer, from whichever envelope; None for HTML, empty and unknown."""
    body = parsed(text)
    found = (reason(body.get(member)) for member in ("code", "error", "errorCode", "reason"))
    return next((code for code in found if code), None)


def own_code(text: str) -> str | None:
    """The code in the envelope of MTN's wallet platform, and in no other: only it is believed when
    it says that a reference is unknown.
    """
    return word(parsed(text).get("code"))


def says_that_it_exists(text: str) -> bool:
    """Whether an answer says that the reference is taken: by its code in any spelling, or in words
    (MTN: `RESOURCE_ALREADY_EXIST`, "Duplicated reference id. Creation of resource failed.").
    """
    body = parsed(text)
    code = re.sub(r"[^A-Z]+", "_", (error_code(text) or "").upper()).strip("_")
    words = word(body.get("message")) or ""
    return code in _IT_EXISTS or _IN_WORDS.search(words) is not None


def result(text: str) -> ProviderResult | None:
    """RequestToPayResult as a report; None when the body is not one."""
    body = parsed(text)
    status = word(body.get("status"))
    if status is None:
        return None
    known = status.upper() if status.upper() in {"SUCCESSFUL", "FAILED"} else "PENDING"
    return ProviderResult(
        status=ResultStatus(known),
        provider_status=status[:64],
        amount=word(body.get("amount")),
        currency=word(body.get("currency")),
        transfer_id=word(body.get("externalId")),
        provider_transaction_id=word(body.get("financialTransactionId")),
        failure=mapping.failure(reason(body.get("reason"))) if known == "FAILED" else None,
    )


def reason(found: Any) -> str | None:
    """A reason's code: MTN gives it as text, or in an object."""
    return word(found.get("code")) if isinstance(found, dict) else word(found)
