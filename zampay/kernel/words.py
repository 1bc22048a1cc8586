"""What a person writes about themselves and their reasons: text that can be read, and whose it is.

A name that merely looks different must not count as another person, so two names are compared by
their letters and digits alone.
"""

import unicodedata

_INVISIBLE_KINDS = ("C", "Zl", "Zp")  # control, format, unassigned and private; line separators
_STEERING_KINDS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SELECTORS = ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))


def plain(text: str, *, longest: int) -> str:
    """The text in one normal form (NFKC), every blank a single space.

    Raises:
        ValueError: it is blank, too long, or holds what cannot be seen; the message says so.
    """
    if any(_is_invisible(character) for character in text):
        raise ValueError("it holds characters that cannot be seen")
    tidy = " ".join(unicodedata.normalize("NFKC", text).split())
    if not comparable(tidy):
        raise ValueError("it must be real words")
    if len(tidy) > longest:
        raise ValueError(f"it is longer than {longest} characters")
    return tidy


def visible(text: str) -> str:
    """The text as a terminal may show it: what cannot be seen, or would steer the terminal, is
    written as an escape. For what was stored before it was checked.
    """
    return "".join(
        one.encode("unicode_escape").decode() if _is_invisible(one) else one for one in text
    )


def steers(text: str) -> bool:
    """Whether it holds what would steer a terminal or turn the text around it: control characters
    (C1 as well), separators of lines, marks of direction, halves of a surrogate pair.
    """
    return any(unicodedata.category(one) in _STEERING_KINDS or one in _DIRECTIONS for one in text)


def comparable(name: str) -> str:
    """Its letters and digits, without case and accents: empty for a name that is none."""
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(one for one in bare if one.isalnum() and not _is_invisible(one))


def _is_invisible(character: str) -> bool:
    return (
        character in _INVISIBLE
        or unicodedata.category(character).startswith(_INVISIBLE_KINDS)
        or any(first <= ord(character) <= last for first, last in _SELECTORS)
    )
