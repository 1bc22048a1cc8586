"""MTN's tables of test numbers, one per operation.

Source: MTN's "Sandbox Use Cases" and measured answers of its sandbox. Where MTN does not say,
README.md says what we chose.
"""

from dataclasses import dataclass
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


def account_holder(msisdn: str, environment: str) -> Refusal | str | None:
    """A refusal, NOT_ACTIVE, or None for an active account."""
    return ACCOUNT_HOLDER.get(msisdn[-2:]) if known(msisdn, environment) else None
