"""Airtel's table of test numbers: ours, because Airtel publishes none.

The suffixes are those of every network. A suffix whose ending Airtel has no code for pays, and is
not in the table: README.md lists them.
"""

from dataclasses import dataclass
from types import MappingProxyType

from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.airtel.answers import EXPIRED
from zampay.simulators.core.wallet import FAILED, Course

IN_PROGRESS, STILL_IN_PROGRESS, AMBIGUOUS = "TIP", "TI", "TA"
NO_ACCOUNT = "no account"
PAYS = Course(first=IN_PROGRESS, wait="approval_s")


@dataclass(frozen=True)
class Refusal:
    """Answered at once, nothing is created."""

    code: str
    http: int = 200
    message: str | None = None


def _fails(code: str, first: str = IN_PROGRESS, wait: str | None = None) -> Course:
    return Course(last=FAILED, reason=code, first=first, wait=wait)


PUSH: MappingProxyType[Ending, Course | Refusal] = MappingProxyType(
    {
        Ending.FAILED: _fails("ESB000011"),
        Ending.REJECTED: _fails("DP00800001008"),
        Ending.EXPIRED: _fails(EXPIRED, wait="expire_s"),
        Ending.ONGOING: Course(last=None, first=STILL_IN_PROGRESS),
        Ending.DELAYED: Course(first=AMBIGUOUS, wait="delayed_s"),
        Ending.PAYER_NOT_FOUND: Refusal("DP00800001005", 400, "Msisdn Not Found"),
        Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE: _fails("DP00800001010"),
        Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: Refusal("ROUTER001"),
        Ending.INVALID_CURRENCY: Refusal("ROUTER119"),
        Ending.INTERNAL_PROCESSING_ERROR: _fails("ESB000001"),
        Ending.SERVICE_UNAVAILABLE: Refusal("DP00800001005", 503, "Something Went Wrong"),
        Ending.COULD_NOT_PERFORM_TRANSACTION: _fails("DP00800001005"),
        Ending.TRANSFER_TYPE_UNKNOWN: _fails("DP00800009999"),
        Ending.NOT_ENOUGH_FUNDS: _fails("DP00800001007"),
        Ending.PAYER_LIMIT_REACHED: _fails("DP00800001003"),
        Ending.ANSWER_LOST_AFTER_CHARGE: PAYS,
        Ending.RESET_BEFORE_STORING: PAYS,
        Ending.ERROR_AFTER_CHARGE: PAYS,
    }
)

ACCOUNTS: MappingProxyType[str, str] = MappingProxyType(
    {"50": NO_ACCOUNT, "51": "barred", "55": NO_ACCOUNT}
)
"""Suffixes for the question who has a number."""


def course(ending: Ending | None) -> Course | Refusal:
    """What becomes of a push with this ending."""
    return PUSH.get(ending, PAYS) if ending else PAYS


def account(msisdn: str) -> str | None:
    """NO_ACCOUNT, `barred`, or None for an account in order; `msisdn` with the country's code."""
    suffix = sandbox_numbers.zambian_suffix(msisdn)
    return ACCOUNTS.get(suffix) if suffix else None
