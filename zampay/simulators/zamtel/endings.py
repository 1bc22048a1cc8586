"""What the test numbers mean on this network, where it knows the ending; any other number pays.

Source: the codes that others have recorded. Zamtel publishes no test numbers.
"""

from dataclasses import dataclass
from types import MappingProxyType

from zampay.kernel import sandbox_numbers
from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.wallet import FAILED, PAYS, Course


@dataclass(frozen=True)
class Refusal:
    """Answered at once, nobody is asked."""

    code: str


COURSES: MappingProxyType[Ending, Course | Refusal] = MappingProxyType(
    {
        Ending.REJECTED: Course(last=FAILED, reason="E8003", wait="approval_s"),
        Ending.ONGOING: Course(last=None),
        Ending.DELAYED: Course(wait="delayed_s"),
        Ending.PAYER_NOT_FOUND: Refusal("E8036"),
        Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: Refusal("2001"),
        Ending.SERVICE_UNAVAILABLE: Refusal("E8027"),
        Ending.NOT_ENOUGH_FUNDS: Course(last=FAILED, reason="2006", wait="approval_s"),
        Ending.PAYER_LIMIT_REACHED: Course(last=FAILED, reason="2005", wait="approval_s"),
    }
)


def ending(msisdn: str) -> Ending | None:
    """The ending of a Zamtel number; None where it simply pays."""
    return sandbox_numbers.ending(msisdn)


def course(ending: Ending | None) -> Course | Refusal:
    """What becomes of a payment with this ending."""
    return COURSES.get(ending, PAYS) if ending else PAYS
