"""Settings of the Zamtel simulator; see zampay.simulators.core.settings."""

import base64
import secrets
from dataclasses import dataclass
from typing import ClassVar

from zampay.simulators.core import settings
from zampay.simulators.core.settings import key, option

STATUS, STATUS_CODE = "status", "StatusCode"
ON, OFF = "on", "off"


def random_password() -> str:
    """Like Zamtel's: base 64, with characters that an address must have encoded."""
    return f"{base64.b64encode(secrets.token_bytes(21)).decode()}+/="


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Settings):
    """One short code at Zamtel; durations are in seconds."""

    network: ClassVar[str] = "ZAMTEL"

    port: int = option(8083, "port to listen on; 0 takes any free one and prints it")
    third_party_id: str = key("the name that Zamtel gave to the caller")
    password: str = key("the caller's password", random_password)
    shortcode: str = option("000088", "the short code that is paid")
    success_as: str = option(
        STATUS, "where an answer has its code: as text, or as a number", STATUS, STATUS_CODE
    )
    enquiry: str = option(OFF, "whether payments can be asked about", ON, OFF)
    status_username: str = key("the login of the enquiry")
    status_password: str = key("the password of the enquiry")
    least_amount: str = option("1", "the smallest amount in kwacha")
    most_amount: str = option("15000", "the largest amount in kwacha")

    @property
    def summary(self) -> str:
        """Currency, short code, and whether there is an enquiry."""
        return f"currency: ZMW, short code: {self.shortcode}, enquiry: {self.enquiry}"
