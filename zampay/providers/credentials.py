"""What a network wants to know of a wallet that is not the deployment's own: the names of its
credentials, and what each looks like. Nothing here ever repeats a credential.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST = 4096
_WORD = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential: its name as merchants write it, what it is, and what is wrong with one (in
    words, None if nothing is).
    """

    name: str
    says: str
    objection: Callable[[str], str | None]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class MerchantWallets:
    """How a network's adapter is made for a merchant's wallet.

    `settings` takes the deployment's settings of the network (address, environment, limits), the
    credentials by name, and the wallet's own callback token; it gives what the adapter needs.
    """

    credentials: tuple[Credential, ...]
    settings: Callable[[Any, Mapping[str, str], str], Any]
    has_callback_address: bool = False
    """Whether the network calls one address for all payments of a wallet."""

    def objections(self, given: Mapping[str, str]) -> dict[str, str]:
        """What is wrong with credentials as they were given, by name."""
        known = {one.name: one for one in self.credentials}
        wrong = {name: f"is not known; {self._names()}" for name in given if name not in known}
        for name, one in known.items():
            text = given.get(name)
            if text is None:
                if not one.is_optional:
                    wrong[name] = f"is required: {one.says}"
            elif (says := word(text) or one.objection(text)) is not None:
                wrong[name] = says
        return wrong

    def _names(self) -> str:
        return f"the credentials are {', '.join(one.name for one in self.credentials)}"


def word(text: str) -> str | None:
    """What is wrong with a text that goes into a header of HTTP."""
    if len(text) > LONGEST:
        return f"must not have more than {LONGEST} characters"
    return None if _WORD.fullmatch(text) else "must be printable ASCII characters without spaces"
