"""What an examination of the set-up found, in words that an operator can act on."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How much it matters: fine, better changed, or broken."""

    FINE = "fine"
    ADVICE = "advice"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was found, as a `code` and in words, and what to do.

    `accepted`: whether a network takes our credentials; None where this says nothing of that.
    """

    code: str
    subject: str
    verdict: Verdict
    says: str
    remedy: str = ""
    accepted: bool | None = None


def fine(code: str, subject: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(code, subject, Verdict.FINE, says)


def advice(code: str, subject: str, says: str, remedy: str) -> Finding:
    """It works, and could be safer."""
    return Finding(code, subject, Verdict.ADVICE, says, remedy)


def broken(code: str, subject: str, says: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(code, subject, Verdict.BROKEN, says, remedy)


def taken(code: str, subject: str, says: str) -> Finding:
    """A network takes our credentials, as far as that can be known without moving money."""
    return Finding(code, subject, Verdict.FINE, says, accepted=True)


def refused(code: str, subject: str, says: str, remedy: str) -> Finding:
    """A network refuses our credentials."""
    return Finding(code, subject, Verdict.BROKEN, says, remedy, accepted=False)
