"""What Zamtel requires of a request: every parameter once, the right credentials, a good amount.

Which answer a wrong request gets is known for credentials (2001), amounts (2004) and numbers
(E8036). A parameter that is missing is a 400 here; README.md says what is not known.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from flask import request

from zampay.simulators.core.answers import Refused, page
from zampay.simulators.zamtel.answers import answered
from zampay.simulators.zamtel.network import ID, here

REQUIRED = ("ThirdPartyID", "Password", "Amount", "Msisdn", "Shortcode", ID)
AMOUNT = re.compile(r"(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?")
MSISDN = re.compile(r"260[0-9]{9}")
CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, kw_only=True)
class RequestToPay:
    """A well-formed request."""

    conversation_id: str
    msisdn: str
    amount: Decimal
    reference: str


def request_to_pay() -> RequestToPay:
    """The request in the address."""
    given = {name: _once(name) for name in REQUIRED}
    ours = here().settings
    pairs = [
        (given["ThirdPartyID"], ours.third_party_id),
        (given["Password"], ours.password),
        (given["Shortcode"], ours.shortcode),
    ]
    conversation_id = given[ID]
    if not CONVERSATION_ID.fullmatch(conversation_id):
        raise Refused(page(400))
    if not _same(pairs):
        raise refusal(conversation_id, "2001")
    if not _is_good(given["Amount"]):
        raise refusal(conversation_id, "2004")
    if not MSISDN.fullmatch(given["Msisdn"]):
        raise refusal(conversation_id, "E8036")
    return RequestToPay(
        conversation_id=conversation_id,
        msisdn=given["Msisdn"],
        amount=Decimal(given["Amount"]),
        reference=request.args.get("Reference", conversation_id),
    )


def refusal(conversation_id: str, code: str) -> Refused:
    """A no at once."""
    return Refused(answered(conversation_id, code, key=here().settings.success_as))


def enquiry() -> None:
    """The login of an enquiry is in two headers."""
    ours = here().settings
    pairs = [
        (request.headers.get("username", ""), ours.status_username),
        (request.headers.get("password", ""), ours.status_password),
    ]
    if not _same(pairs):
        raise Refused(page(401))


def _once(name: str) -> str:
    """The parameter, which comes once and is not empty."""
    values = request.args.getlist(name)
    if len(values) != 1 or not values[0]:
        raise Refused(page(400))
    return values[0]


def _same(pairs: Iterable[tuple[str, str]]) -> bool:
    return all(secrets.compare_digest(one.encode(), other.encode()) for one, other in pairs)


def _is_good(amount: str) -> bool:
    ours = here().settings
    least, most = Decimal(ours.least_amount), Decimal(ours.most_amount)
    return AMOUNT.fullmatch(amount) is not None and least <= Decimal(amount) <= most
