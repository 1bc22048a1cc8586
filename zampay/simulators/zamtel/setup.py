"""How a gateway is configured against this simulator."""

from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.setup import Setup
from zampay.simulators.zamtel.endings import COURSES
from zampay.simulators.zamtel.settings import Settings

SHORTCODE = "000088"

SETUP = Setup(
    settings=Settings,
    gateway={
        "ZAMTEL_BASE_URL": "{simulator}/ZampayRest",
        "ZAMTEL_THIRD_PARTY_ID": "{third_party_id}",
        "ZAMTEL_PASSWORD": "{password}",
        "ZAMTEL_SHORTCODE": SHORTCODE,
    },
    simulator={"SHORTCODE": SHORTCODE},
    prefix="26095",
    endings=frozenset(COURSES) | {Ending.ANSWER_LOST_AFTER_CHARGE},
    can_poll=False,
)
