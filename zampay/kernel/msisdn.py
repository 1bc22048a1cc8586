"""Phone numbers: taken as people write them, kept as twelve digits `260…` (E.164 without a plus).

The numbering plan is libphonenumber's (package `phonenumbers`). Number portability is not live in
Zambia (`is_mobile_number_portable_region("ZM")` is false), so that a prefix names its network.
"""

import re

import phonenumbers

from zampay.kernel import sandbox_numbers

REGION = "ZM"
COUNTRY_CODE = 260
NATIONAL_DIGITS = 9
_ASKED_FOR = "must be a mobile number such as 0963123400 or 260963123400"
_LONGEST = 60
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_DASH = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_BRACKETS = re.compile(r"\((\+?[0-9 -]{1,8})\)")
_WRITTEN = re.compile(r"(?:\+ ?(?!0))?[0-9][0-9 .-]{4,30}[0-9]\.?")
_FRACTION = re.compile(r"(?<![0-9])[0-9]\.|\.[0-9](?![0-9])")


class NotMobileNumber(ValueError):
    """The text is not a Zambian mobile number (nor a published test number)."""


def parse(text: str) -> str:
    """`"0963123400"`, `"+260 (0) 96-312.3400"` or `"00260963123400"` → `"260963123400"`.

    Taken as people paste it: with blanks, dashes, dots and brackets of any kind, and with what
    cannot be seen.

    Raises:
        NotMobileNumber: anything else: landlines, other countries, wrong lengths, letters, digits
            of other scripts, decimal fractions.
    """
    plain = _plain(text)
    dialled = re.sub(r"\D", "", plain)
    digits = dialled.removeprefix("00")
    if sandbox_numbers.published_suffix(digits):
        return digits
    is_international = plain.startswith("+") or digits != dialled or digits.startswith("260")
    written = f"+{digits}" if is_international else digits
    try:
        number = phonenumbers.parse(written, REGION)
    except phonenumbers.NumberParseException as error:
        raise NotMobileNumber(_ASKED_FOR) from error
    if number.country_code == COUNTRY_CODE:
        _require_length(digits.removeprefix(str(COUNTRY_CODE)).removeprefix("0"))
    return _zambian_mobile(number)


def _require_length(national: str) -> None:
    if len(national) != NATIONAL_DIGITS:
        count = "few" if len(national) < NATIONAL_DIGITS else "many"
        raise NotMobileNumber(f"{_ASKED_FOR}; this one has too {count} digits")


def _plain(text: str) -> str:
    """The number in ASCII, without brackets."""
    if len(text) > _LONGEST:
        raise NotMobileNumber(_ASKED_FOR)
    plain = _DASH.sub("-", _BLANK.sub(" ", _INVISIBLE.sub("", text))).strip(" ")
    plain = _BRACKETS.sub(r" \1 ", plain).strip(" ")
    if not _WRITTEN.fullmatch(plain) or _FRACTION.search(plain.removesuffix(".")):
        raise NotMobileNumber(_ASKED_FOR)
    return plain


def _zambian_mobile(number: phonenumbers.PhoneNumber) -> str:
    if phonenumbers.region_code_for_number(number) != REGION:
        raise NotMobileNumber("must be a Zambian number (+260)")
    if phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.MOBILE:
        raise NotMobileNumber("must be a mobile number, not a landline or a special number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")


def masked(msisdn: str) -> str:
    """`26096•••3400`: enough to recognise, too little to call."""
    return f"{msisdn[:5]}•••{msisdn[-4:]}"
