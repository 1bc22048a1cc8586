"""Finds secrets in the files of the repository, by detect-secrets and by rules of our own.

There is no baseline of exceptions: what is found is either a secret, which has to go and be
revoked, or a made-up value, which has to look like one (see MADE_UP).
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

from dev.common import ROOT, run_program

PLUGINS: Final = (
    "ArtifactoryDetector",
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "CloudantDetector",
    "DiscordBotTokenDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "IbmCloudIamDetector",
    "JwtTokenDetector",
    "MailchimpDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SendGridDetector",
    "SlackDetector",
    "SoftlayerDetector",
    "SquareOAuthDetector",
    "StripeDetector",
    "TelegramBotTokenDetector",
    "TwilioKeyDetector",
)
LEAST_RANDOM: Final = 16
ENTROPY: Final = (("HexHighEntropyString", 3.0), ("Base64HighEntropyString", 4.5))
OURS: Final = {
    "ZamPay key": re.compile(r"zp_(?:test|live)_([0-9a-hjkmnp-tv-z]{48})"),
    "webhook secret": re.compile(r"whsec_([A-Za-z0-9+/]{40,}=*)"),
    "random key of 32 or more hex characters": re.compile(
        r"(?i)(?:key|secret|token|password)[\"']?\s*[:=]\s*[\"']?([0-9a-f]{32,})\b"
    ),
}
MADE_UP: Final = re.compile(
    r"(?i)pass(word)?|secret|opensesame|hunter2|user|login|zampay|postgres"  # plain words
    r"|([0-9a-f]{1,4})\2+"  # the same again and again
    r"|(0123456789abcdef)+|.*0123456789.*"  # counting
)
"""What a value looks like that stands for a secret in tests and documents."""

GENERATED: Final = frozenset({"requirements.txt", "requirements-dev.txt", "docs/openapi.json"})
"""Files full of hashes and ids that programs write; what they are written from is looked at."""


def main() -> None:
    """Exit 1 with a line for each secret found."""
    found = [line for path in tracked() for line in secrets_in(path)]
    print("\n".join(found) or "No secret in any file of the repository.")
    sys.exit(1 if found else 0)


def tracked() -> Iterator[Path]:
    """Every file of the repository but the lock files."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if name not in GENERATED and (ROOT / name).is_file():
            yield ROOT / name


def secrets_in(path: Path) -> list[str]:
    """A line for each secret in a file: where and of what kind, never the secret itself."""
    return sorted({f"{path}:{line}: {kind}" for line, kind, _ in _found(path)})


def _found(path: Path) -> Iterator[tuple[int, str, str]]:
    for line, kind, secret in [*_by_plugins(path), *_by_our_rules(path)]:
        if not MADE_UP.fullmatch(secret):
            yield line, kind, secret


def _by_plugins(path: Path) -> Iterable[tuple[int, str, str]]:
    plugins = [{"name": name} for name in PLUGINS]
    limited = [{"name": name, "limit": limit} for name, limit in ENTROPY]
    with transient_settings({"plugins_used": [*plugins, *limited]}):
        found = [
            (one.line_number, one.type, one.secret_value or "") for one in scan_file(str(path))
        ]
    return [one for one in found if "Entropy" not in one[1] or len(one[2]) >= LEAST_RANDOM]


def _by_our_rules(path: Path) -> Iterator[tuple[int, str, str]]:
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, pattern in OURS.items():
            for match in pattern.finditer(line):
                yield number, kind, match[1]


if __name__ == "__main__":
    run_program(main)
