"""MTN's tables of test numbers, one per operation: what a number makes of a request.

Source: MTN's "Sandbox Use Cases" and measured answers of its sandbox. Where MTN is silent the
choice is ours and stands in README.md.
"""

from dataclasses import dataclass
from types import MappingProxyType

from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.mtn.settings import SANDBOX, Settings


@dataclass(frozen=True)
class Refusal:
    """Answered at once, nothing is created."""

    status: int
    code: str


@dataclass(frozen=True)
class Course:
    """How an accepted payment goes on.

    `first` is the status until it ends; `last` the final one (None: it never ends by itself),
    with `reason`; `wait` names the setting that says after how many seconds (None: at once).
    """

    last: str | None = "SUCCESSFUL"
    reason: str | None = None
    first: str = "PENDING"
    wait: str | None = None

    def seconds(self, settings: Settings) -> float:
        """How long after its creation the payment ends."""
        return float(getattr(settings, self.wait)) if self.wait else 0.0


PAYS = Course(wait="approval_s")


def _fails(reason: str) -> Course:
    return Course(last="FAILED", reason=reason)


REQUEST_TO_PAY: MappingProxyType[Ending, Course | Refusal] = MappingProxyType(
    {
        Ending.FAILED: _fails("INTERNAL_PROCESSING_ERROR"),
        Ending.REJECTED: _fails("APPROVAL_REJECTED"),
        Ending.EXPIRED: Course(last="FAILED", reason="EXPIRED", wait="expire_s"),
        Ending.ONGOING: Course(last=None),
        Ending.DELAYED: Course(first="CREATED", wait="delayed_s"),
        Ending.PAYER_NOT_FOUND: _fails("PAYER_NOT_FOUND"),
        Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE: _fails("PAYEE_NOT_ALLOWED_TO_RECEIVE"),
        Ending.NOT_ALLOWED: _fails("NOT_ALLOWED"),
        Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: Refusal(500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        Ending.INVALID_CALLBACK_URL_HOST: Refusal(500, "INVALID_CALLBACK_URL_HOST"),
        Ending.INVALID_CURRENCY: Refusal(500, "INVALID_CURRENCY"),
        Ending.INTERNAL_PROCESSING_ERROR: _fails("INTERNAL_PROCESSING_ERROR"),
        Ending.SERVICE_UNAVAILABLE: Refusal(503, "SERVICE_UNAVAILABLE"),
        Ending.COULD_NOT_PERFORM_TRANSACTION: _fails("COULD_NOT_PERFORM_TRANSACTION"),
        Ending.TRANSFER_TYPE_UNKNOWN: _fails("TRANSFER_TYPE_UNKNOWN"),
        Ending.NOT_ENOUGH_FUNDS: _fails("NOT_ENOUGH_FUNDS"),
        Ending.PAYER_LIMIT_REACHED: _fails("PAYER_LIMIT_REACHED"),
        Ending.ANSWER_LOST_AFTER_CHARGE: PAYS,
        Ending.RESET_BEFORE_STORING: PAYS,
        Ending.ERROR_AFTER_CHARGE: PAYS,
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


def account_holder(msisdn: str, environment: str) -> Refusal | str | None:
    """A refusal, NOT_ACTIVE, or None for an active account."""
    return ACCOUNT_HOLDER.get(msisdn[-2:]) if known(msisdn, environment) else None
