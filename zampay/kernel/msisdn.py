"""Phone numbers: taken as people write them, kept as twelve digits `260…` (E.164 without a plus).

The numbering plan is libphonenumber's (package `phonenumbers`). Number portability is not live in
Zambia (`is_mobile_number_portable_region("ZM")` is false), so that a prefix names its network.
"""

import re

import phonenumbers

from zampay.kernel import sandbox_numbers

REGION = "ZM"
_ASKED_FOR = "must be a mobile number such as 0963123400 or 260963123400"
_WRITTEN = re.compile(r"[+0-9][0-9 ().-]{5,24}")


class NotMobileNumber(ValueError):
    """The text is not a Zambian mobile number (nor a published test number)."""


def parse(text: str) -> str:
    """`"0963123400"`, `"+260 96 312 3400"` or `"260963123400"` → `"260963123400"`.

    Raises:
        NotMobileNumber: anything else: landlines, other countries, wrong lengths, letters.
    """
    if not text.isascii() or not _WRITTEN.fullmatch(text):
        raise NotMobileNumber(_ASKED_FOR)
    digits = re.sub(r"\D", "", text)
    if sandbox_numbers.published_suffix(digits):
        return digits
    international = text if text.startswith("+") else f"+{digits}"
    written = international if digits.startswith("260") else text
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException as error:
        raise NotMobileNumber(_ASKED_FOR) from error
    return _zambian_mobile(number)


def _zambian_mobile(number: phonenumbers.PhoneNumber) -> str:
    if phonenumbers.region_code_for_number(number) != REGION:
        raise NotMobileNumber("must be a Zambian number (+260)")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise NotMobileNumber("must be a mobile number, not a landline or a special number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")


def masked(msisdn: str) -> str:
    """`26096•••3400`: enough to recognise, too little to call."""
    return f"{msisdn[:5]}•••{msisdn[-4:]}"
