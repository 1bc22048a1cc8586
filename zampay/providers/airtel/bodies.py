"""Airtel's bodies, read leniently: nothing they may contain raises.

Three envelopes: `{"data", "status"}` of nearly everything, also of refusals under HTTP 200 and 400;
`{"error", "error_description"}` of tokens; the router's flat `{"status_code", "status_message"}`.
Kong before them says `{"message"}`. Codes and `success` come as text, numbers and booleans.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from zampay.providers.airtel import mapping
from zampay.providers.contract import AccountName, Balance, ProviderResult, ResultStatus
from zampay.providers.failures import Failure
from zampay.providers.json_text import member, parsed, word

PAID: Final = "TS"
FAILED: Final = frozenset({"TF", "TE"})
PENDING: Final = frozenset({"TIP", "TI", "TA"})
EXPIRED: Final = "TE"
NO_SUCH_USER: Final = "DP02200000002"
_AMOUNT: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_TAKEN: Final = re.compile(r"duplicate ext|transaction id already exists?\b", re.IGNORECASE)
_UNKNOWN_NUMBER: Final = re.compile(r"msisdn not found", re.IGNORECASE)
_NOT_FOR_US: Final = re.compile(
    r"ip address not allowed|you cannot consume this service", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the envelope around an answer says; `success` is None where it does not say."""

    success: bool | None
    response_code: str | None
    result_code: str | None
    message: str

    @property
    def code(self) -> str | None:
        """The code that decides: the older one only where there is no other."""
        return self.response_code or self.result_code

    @property
    def codes(self) -> frozenset[str]:
        """Both codes, as far as there are any."""
        return frozenset(filter(None, (self.response_code, self.result_code)))

    @property
    def says_taken(self) -> bool:
        """Whether the id is taken: what was sent under it has landed."""
        return bool(self.codes & mapping.DUPLICATE) or _TAKEN.search(self.message) is not None

    @property
    def says_unknown_number(self) -> bool:
        """Whether the payer's number has no wallet."""
        return self.code == mapping.NO_PIN and _UNKNOWN_NUMBER.search(self.message) is not None


def answer(text: str) -> Answer:
    """The envelope of an answer, whichever it is."""
    body = parsed(text)
    status = member(body, "status")
    success = status.get("success")
    return Answer(
        success=success if isinstance(success, bool) else _boolean(word(success)),
        response_code=word(status.get("response_code")) or word(body.get("status_code")),
        result_code=word(status.get("result_code")),
        message=word(status.get("message")) or word(body.get("status_message")) or "",
    )


def is_dead_token(text: str) -> bool:
    """Whether a 403 speaks of the token, and not of our address or our products."""
    return parsed(text).get("error") == "invalid_token"


def is_address_refused(text: str) -> bool:
    """Whether Airtel does not take calls from the address that this one came from."""
    return "ip address not allowed" in text[:1000].lower()


def is_not_for_us(text: str) -> bool:
    """Whether a 403 refuses our address or a product, which no repetition changes."""
    return _NOT_FOR_US.search(text[:1000]) is not None


def data(text: str) -> dict[str, Any]:
    """The object `data` of an answer that says success; an empty one of any other."""
    return member(parsed(text), "data") if answer(text).success else {}


def transaction_status(text: str) -> str | None:
    """The status of a payment, in Airtel's letters."""
    return word(_transaction(text).get("status"))


def result(text: str, reference: str) -> ProviderResult | None:
    """The answer to a poll about `reference`; None when the body is not one.

    It names no amount and no number. Its status decides; a code only gives the reason.
    """
    transaction, status = _transaction(text), transaction_status(text)
    if status is None or not _is_about(transaction, reference):
        return None
    known = ResultStatus.PENDING
    if status == PAID:
        known = ResultStatus.SUCCESSFUL
    elif status in FAILED:
        known = ResultStatus.FAILED
    return ProviderResult(
        status=known,
        provider_status=status[:64],
        provider_transaction_id=_airtel_money_id(transaction),
        failure=_failure(text, status) if status in FAILED else None,
    )


def _transaction(text: str) -> dict[str, Any]:
    return member(member(parsed(text), "data"), "transaction")


def _is_about(transaction: dict[str, Any], reference: str) -> bool:
    """Whether the answer is about our id; an echo has been seen cut off, and may be missing."""
    echoed = word(transaction.get("id"))
    return echoed is None or reference.startswith(echoed)


def _failure(text: str, status: str) -> Failure:
    found = answer(text)
    if found.says_unknown_number:
        return mapping.PAYER_NOT_FOUND
    if status == EXPIRED:
        return mapping.failure("DP00800001029")
    return mapping.failure(found.code)


def _airtel_money_id(transaction: dict[str, Any]) -> str | None:
    found = word(transaction.get("airtel_money_id"))
    return None if found is None or found.upper() in {"NA", "N/A", "NULL"} else found


def _boolean(text: str | None) -> bool | None:
    return {"true": True, "false": False}.get((text or "").lower())


def failure(found: Answer) -> Failure:
    """The failure that a refusal names."""
    return mapping.failure(found.code)


def is_known(status: str) -> bool:
    """Whether a payment's status is one of those that Airtel is known to give."""
    return status in {PAID, *FAILED, *PENDING}


def balance(text: str) -> Balance | None:
    """What a wallet holds: `37,600.00` is text, and the separators are not always there."""
    found = data(text)
    amount = (word(found.get("balance")) or "").replace(",", "")
    currency = word(found.get("currency"))
    return Balance(amount, currency) if _AMOUNT.fullmatch(amount) and currency else None


def says_no_such_user(text: str) -> bool:
    """Whether nobody has the number that was asked for."""
    return NO_SUCH_USER in answer(text).codes


def account_name(text: str) -> AccountName | None:
    """A first name with an initial: enough to recognise somebody, and no more. A number may be
    barred.
    """
    found = data(text)
    if not found:
        return None
    first, last = (word(found.get(name)) for name in ("first_name", "last_name"))
    name = " ".join(filter(None, (first, f"{last[0]}." if last else None)))
    barred = found.get("is_barred")
    return AccountName(name or None, is_active=not barred if isinstance(barred, bool) else None)
