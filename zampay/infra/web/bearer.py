"""What a request presents as `Authorization: Bearer …`, in every form that RFC 9110 allows: the
name of the scheme in any case, then one or more spaces (sections 11.1 and 11.4).
"""

import re

_BEARER = re.compile(r"bearer +([^ ].*)", re.IGNORECASE)


def token(authorization: str) -> str | None:
    """The token in the value of an Authorization header; None where there is none."""
    found = _BEARER.fullmatch(authorization)
    return found[1] if found else None
