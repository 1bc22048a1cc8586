"""The random secrets of one data directory: made once, kept in a file that only its owner reads.

Development connects like production does, with passwords and keys; none of them is in the
repository, and none works on another machine.
"""

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dev.common import write_private


def _hex() -> str:
    return secrets.token_hex(16)


def _user_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Credentials:
    """One secret each; hexadecimal, so that none needs quoting in a URL or a file."""

    postgres_admin: str = field(default_factory=_hex)
    postgres_application: str = field(default_factory=_hex)
    valkey: str = field(default_factory=_hex)
    secret_key: str = field(default_factory=_hex)
    subscription_key: str = field(default_factory=_hex)
    api_user: str = field(default_factory=_user_id)
    api_key: str = field(default_factory=_hex)


def credentials_of(directory: Path) -> Credentials:
    """The credentials of a data directory, made and written at the first call."""
    file = directory / "credentials.json"
    if file.exists():
        return Credentials(**json.loads(file.read_text(encoding="utf-8")))
    made = Credentials()
    write_private(file, json.dumps(asdict(made), indent=2))
    return made
