"""Public ids, prefixed, readable and unguessable, and secrets made of pure chance.

An id is a prefix, 48 bits of time and 80 random bits in Crockford's base 32 (the layout of a
ULID), so that rows made together lie together in the index and nobody can guess a neighbour.
"""

import re
import secrets

from zampay.kernel import clock

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_LENGTH = 10
_CHANCE_LENGTH = 16
_BODY = re.compile(rf"[{ALPHABET}]{{{_TIME_LENGTH + _CHANCE_LENGTH}}}")


def _base32(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(length)))


def new(prefix: str) -> str:
    """A fresh id such as `pay_01k5…` (prefix, underscore, 26 characters)."""
    milliseconds = int(clock.utcnow().timestamp() * 1000)
    chance = secrets.randbits(5 * _CHANCE_LENGTH)
    return f"{prefix}_{_base32(milliseconds, _TIME_LENGTH)}{_base32(chance, _CHANCE_LENGTH)}"


def first_of(prefix: str, epoch_s: float) -> str:
    """What every id made since then (seconds since 1970) is not smaller than."""
    return f"{prefix}_{_base32(int(epoch_s * 1000), _TIME_LENGTH)}"


def is_id(prefix: str, text: str) -> bool:
    """Whether `text` has the form of an id with this prefix (it need not exist)."""
    head, _, body = text.partition("_")
    return head == prefix and _BODY.fullmatch(body) is not None


def secret(characters: int) -> str:
    """Pure chance, 5 bits a character: 32 characters are 160 bits."""
    return _base32(secrets.randbits(5 * characters), characters)
