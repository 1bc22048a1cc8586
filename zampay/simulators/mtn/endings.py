"""MTN's tables of test numbers, one per operation.

Source: MTN's "Sandbox Use Cases" and measured answers of its sandbox. Where MTN does not say,
README.md says what we chose.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.wallet import PAYS, Course
from zampay.simulators.mtn.settings import SANDBOX


@dataclass(frozen=True)
class Refusal:
    """Answered at once, nothing is created."""

    status: int
    code: str


OTHERWISE_NAMED = MappingProxyType(
    {Ending.FAILED: "INTERNAL_PROCESSING_ERROR", Ending.REJECTED: "APPROVAL_REJECTED"}
)
"""MTN's codes that are not called as the ending."""


def _code(ending: Ending) -> str:
    return OTHERWISE_NAMED.get(ending, ending.name)


REQUEST_TO_PAY: MappingProxyType[Ending, Course | Refusal] = MappingProxyType(
    {
        **{end: Course(last="FAILED", reason=_code(end)) for end in sandbox_numbers.FAILS},
        **{end: Refusal(500, _code(end)) for end in sandbox_numbers.REFUSED},
        **{end: Refusal(503, _code(end)) for end in sandbox_numbers.UNAVAILABLE},
        Ending.EXPIRED: Course(last="FAILED", reason="EXPIRED", wait="expire_s"),
        Ending.ONGOING: Course(last=None),
        Ending.DELAYED: Course(first="CREATED", wait="delayed_s"),
        Ending.ANSWER_LOST_AFTER_CHARGE: PAYS,
        Ending.RESET_BEFORE_STORING: PAYS,
        Ending.ERROR_AFTER_CHARGE: PAYS,
        Ending.FIGURES_DIFFER: PAYS,
    }
)

TRANSFER = MappingProxyType(
    {
        **{suffix: sandbox_numbers.PUBLISHED[suffix] for suffix in ("50", "51", "52", "53", "54")},
        "55": Ending.NOT_ENOUGH_FUNDS,
        "56": Ending.PAYER_LIMIT_REACHED,
        "57": Ending.PAYER_NOT_FOUND,
        "58": Ending.NOT_ALLOWED,
        "59": Ending.NOT_ALLOWED_TARGET_ENVIRONMENT,
        "60": Ending.INVALID_CALLBACK_URL_HOST,
        "61": Ending.INVALID_CURRENCY,
        "62": Ending.INTERNAL_PROCESSING_ERROR,
        "63": Ending.SERVICE_UNAVAILABLE,
    }
)
"""The transfer column: from 55 on it differs from that of a request to pay and a deposit."""

REFUND = MappingProxyType(
    {
        "1": Course(last="FAILED", reason="RESOURCE_NOT_FOUND"),
        "2": REQUEST_TO_PAY[Ending.FAILED],
        "3": REQUEST_TO_PAY[Ending.REJECTED],
        "4": REQUEST_TO_PAY[Ending.EXPIRED],
        "5": REQUEST_TO_PAY[Ending.ONGOING],
        "6": REQUEST_TO_PAY[Ending.DELAYED],
        "7": REQUEST_TO_PAY[Ending.NOT_ALLOWED],
        "8": REQUEST_TO_PAY[Ending.NOT_ALLOWED_TARGET_ENVIRONMENT],
        "9": REQUEST_TO_PAY[Ending.INVALID_CALLBACK_URL_HOST],
        "10": REQUEST_TO_PAY[Ending.INVALID_CURRENCY],
        "11": REQUEST_TO_PAY[Ending.INTERNAL_PROCESSING_ERROR],
        "12": REQUEST_TO_PAY[Ending.SERVICE_UNAVAILABLE],
        "13": REQUEST_TO_PAY[Ending.COULD_NOT_PERFORM_TRANSACTION],
    }
)
"""What the sandbox does with a refund whose `referenceIdToRefund` is one of these ids."""

BILL = MappingProxyType(
    {
        Decimal(2000): REQUEST_TO_PAY[Ending.FAILED],
        Decimal(3000): Course(wait="delayed_s"),
        Decimal(7000): REQUEST_TO_PAY[Ending.TRANSFER_TYPE_UNKNOWN],
    }
)
"""What the sandbox does with a v2 payment of this amount; any other pays."""

NOT_ACTIVE = "NOT_ACTIVE"
ACCOUNT_HOLDER: MappingProxyType[str, Refusal | str] = MappingProxyType(
    {
        "50": Refusal(404, "RESOURCE_NOT_FOUND"),
        "51": NOT_ACTIVE,
        "52": Refusal(500, "NOT_ALLOWED"),
        "53": Refusal(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        "54": Refusal(500, "INTERNAL_PROCESSING_ERROR"),
        "55": Refusal(503, "SERVICE_UNAVAILABLE"),
    }
)
"""The account holder column: the same suffixes mean something else than for a payment."""


def known(msisdn: str, environment: str) -> bool:
    """Whether a table decides about this number: MTN's own numbers count in its sandbox only."""
    if sandbox_numbers.zambian_suffix(msisdn) is not None:
        return True
    return environment == SANDBOX and sandbox_numbers.published_suffix(msisdn) is not None


def ending(msisdn: str, environment: str) -> Ending | None:
    """The ending of a request to pay in this environment; None when the number is unknown."""
    return sandbox_numbers.ending(msisdn) if known(msisdn, environment) else None


def course(ending: Ending | None) -> Course | Refusal:
    """What becomes of a request to pay with this ending."""
    return REQUEST_TO_PAY[ending] if ending else PAYS


def transfer(msisdn: str, environment: str) -> Ending | None:
    """The ending of a transfer to this number; our own suffixes mean what they mean elsewhere."""
    if not known(msisdn, environment):
        return None
    found = sandbox_numbers.ending(msisdn)
    is_ours = msisdn[-2:] in sandbox_numbers.OURS
    return found if is_ours else TRANSFER.get(msisdn[-2:])


def payout_course(ending: Ending | None) -> Course | Refusal:
    """What becomes of a transfer or deposit with this ending: the number is the payee's."""
    decided = course(ending)
    if ending is Ending.PAYER_NOT_FOUND and isinstance(decided, Course):
        return replace(decided, reason="PAYEE_NOT_FOUND")
    return decided


def bill(amount: Decimal, environment: str) -> Course:
    """What becomes of a v2 payment."""
    decided = BILL.get(amount, PAYS) if environment == SANDBOX else PAYS
    assert isinstance(decided, Course)
    return decided


def account_holder(msisdn: str, environment: str) -> Refusal | str | None:
    """A refusal, NOT_ACTIVE, or None for an active account."""
    return ACCOUNT_HOLDER.get(msisdn[-2:]) if known(msisdn, environment) else None
