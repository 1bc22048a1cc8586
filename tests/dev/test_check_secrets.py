"""No secret gets into the repository unseen, and what is made up is told from what is real."""

import secrets
from pathlib import Path

import pytest

from dev.check_secrets import secrets_in, tracked
from zampay.kernel import signing
from zampay.tenants.auth import new_key

REAL = {
    "a live key": lambda: f'KEY = "{new_key(livemode=True)}"',
    "a test key": lambda: f"curl -H 'Authorization: Bearer {new_key(livemode=False)}'",
    "a webhook secret": lambda: f"secret: {signing.new_secret()}",
    "an MTN key": lambda: f"MTN_COLLECTION_API_KEY={secrets.token_hex(16)}",
    "our own secret key": lambda: f'SECRET_KEY = "{secrets.token_hex(32)}"',
    "a database's login": lambda: f"postgresql://zampay:{secrets.token_urlsafe(9)}@db/zampay",
    "a key of AWS": lambda: "AKIA" + "".join(secrets.choice("ABCDEFGH234567") for _ in range(16)),
    "a private key": lambda: "-----BEGIN " + "RSA PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", REAL)
def test_a_secret_is_found_and_not_repeated(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "settings.py"
    secret = REAL[kind]()
    file.write_text(f"# settings\n{secret}\n", encoding="utf-8")
    (found, *_) = secrets_in(file)
    assert found.startswith(f"{file}:2: ")
    assert secret not in found


@pytest.mark.parametrize(
    "line",
    [
        "SECRET_KEY=",
        'SECRET_KEY = "0123456789abcdef0123456789abcdef"',
        "DATABASE_URL=postgresql://zampay:password@localhost:5432/zampay",
        "x-tenant-id: ten_01m84gyyrh5j05mp5g9vkcsw98",
        'KEY = "zp_live_" + "0" * 48',
    ],
)
def test_what_is_made_up_is_no_secret(tmp_path: Path, line: str) -> None:
    file = tmp_path / "settings.py"
    file.write_text(f"{line}\n", encoding="utf-8")
    assert secrets_in(file) == []


def test_every_file_is_looked_at_but_the_locks() -> None:
    names = {path.name for path in tracked()}
    assert {"config.py", ".env.example", "Makefile", "README.md"} <= names
    assert "requirements.txt" not in names
