"""The documents keep their promises: links lead somewhere, and named files exist."""

import re
from pathlib import Path

import pytest

from zampay.payments.examples import ACCEPTED

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "bench/*.md", "zampay/**/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
LINES_TO_PASTE = [ROOT / "README.md", ROOT / "docs" / "integration-guide.md"]
WITH_PROGRAMS = [
    *LINES_TO_PASTE,
    *(path for path in sorted((ROOT / "examples").rglob("*.*")) if path.suffix in {".md", ".py"}),
    *sorted((ROOT / "examples").glob("*/*.mjs")),
]
VOCABULARY = {"ZAMPAY_URL", "ZAMPAY_API_KEY", "ZAMPAY_TENANT_ID"}
OURS = re.compile(r"\bZAMPAY_[A-Z_]+")
ORDER = re.compile(r'"externalId": "([^"]+)"')
CURL = re.compile(r"^ *curl .*?(?<!\\)\n", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"[\w.@-]+(/[\w.@-]+)+/?|[\w-]+\.(py|md|toml|txt|in|ini)")


def _named(document: Path, pattern: re.Pattern[str]) -> list[str]:
    prose = re.sub(
        r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return [match[1] for match in pattern.finditer(prose)]


def _base_names() -> set[str]:
    """The names of all files of the house, wherever they stand."""
    folders = ("zampay", "tests", "docs", "dev", "bench", "migrations")
    nested = (path for folder in folders for path in (ROOT / folder).rglob("*.*"))
    return {path.name for path in (*ROOT.glob("*.*"), *nested)}


def _is_a_file_of_ours(text: str) -> bool:
    """Whether a piece of code in a document claims to be a file: `a/b.py`, `a/b`, `b.md`."""
    first = text.split("/", 1)[0]
    return FILE.fullmatch(text) is not None and ("/" not in text or (ROOT / first).is_dir())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_leads_to_a_file(document: Path) -> None:
    targets = [link.split("#")[0] for link in _named(document, LINK) if "://" not in link]
    missing = [link for link in targets if link and not (document.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = [text.split(":")[0] for text in _named(document, CODE)]
    base_names = _base_names()
    missing = [
        text
        for text in named
        if _is_a_file_of_ours(text)
        and not (ROOT / text).exists()
        and not ("/" not in text and text in base_names)
    ]
    assert missing == []


@pytest.mark.parametrize("document", WITH_PROGRAMS, ids=lambda path: path.name)
def test_address_key_and_tenant_have_the_same_names_everywhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert set(OURS.findall(text)) <= VOCABULARY
    for line in CURL.findall(text) if document in LINES_TO_PASTE else []:
        assert '"$ZAMPAY_URL/api/v1/' in line
        assert "Bearer" not in line or 'Bearer $ZAMPAY_API_KEY"' in line
        assert "tenant-id" not in line or 'tenant-id: $ZAMPAY_TENANT_ID"' in line


def test_no_two_documents_order_under_the_same_id() -> None:
    """Whoever pastes one after the other would be refused: the id belongs to the first order."""
    shown = [ORDER.findall(document.read_text(encoding="utf-8")) for document in LINES_TO_PASTE]
    shown.append([ACCEPTED["externalId"]])
    assert all(shown)
    assert len({one for found in shown for one in found}) == sum(len(set(found)) for found in shown)


def test_there_are_documents_to_look_at() -> None:
    names = {path.name for path in DOCUMENTS}
    wanted = {"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "architecture.md"}
    assert wanted <= names
