"""`make secrets`: the files of secrets/ that docker-compose.yml asks for, each made at random once.

What is there stays: a file that was replaced by a real key is not touched. Compose mounts the
files as they are and the container's user reads them, so they are open inside a directory that
only its owner may enter.
"""

import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path

from dev.environment import ROOT, run_program


def contents(known: Mapping[str, str]) -> dict[str, str]:
    """File name to text; a password that is `known` goes into its URL as it is."""
    made = {
        name: known.get(name) or secrets.token_hex(32)
        for name in (
            "postgres_password",
            "database_owner_password",
            "database_password",
            "redis_password",
            "secret_key",
        )
    }
    place = "postgres:5432/zampay"
    return {
        **made,
        "database_url": f"postgresql://zampay_app:{made['database_password']}@{place}",
        "database_url_owner": f"postgresql://zampay:{made['database_owner_password']}@{place}",
        "redis_url": f"redis://:{made['redis_password']}@redis:6379/0",
        "metrics_token": secrets.token_hex(32),
        "mtn_subscription_key": secrets.token_hex(16),
        "mtn_api_user": str(uuid.uuid4()),
        "mtn_api_key": secrets.token_hex(16),
    }


def write(directory: Path) -> list[str]:
    """Write the files that are not there; their names."""
    directory.mkdir(mode=0o700, exist_ok=True)
    known = {file.name: file.read_text(encoding="utf-8") for file in directory.iterdir()}
    missing = {name: text for name, text in contents(known).items() if name not in known}
    for name, text in missing.items():
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o644)
    return sorted(missing)


def main() -> None:
    """Say what was made."""
    made = write(ROOT / "secrets")
    print("secrets/: " + (f"made {', '.join(made)}" if made else "everything is there"))


if __name__ == "__main__":
    run_program(main)
