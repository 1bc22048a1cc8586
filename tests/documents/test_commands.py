"""Every command line of ours in the documents is whole: pasted, with its placeholders filled in, it
is understood. Nothing is run.
"""

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest

from dev.environment import ROOT
from zampay.__main__ import main

FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
OURS = re.compile(r"(?:^|[ /])zampay ([a-z].*)$")
OTHERWISE = re.compile(r"\b(flask|celery) (?!--app \w+ …)[a-z-]|-m zampay\.")
ID = re.compile(r"<?\b(pay|ten|key|whe|prp|wal)_…>?")
PLACEHOLDER = re.compile(r"<[^<>]+>")
OF_A_MERCHANT = {
    "ZAMPAY_URL": "http://127.0.0.1:8000",
    "ZAMPAY_API_KEY": "zp_test_x",
    "ZAMPAY_TENANT_ID": "ten_x",
}
PLACES = ("*.md", "docs/*.md", "docs/runbooks/*.md", "deploy/**/*.md", "examples/*/*.md")
PAGES = [page for place in PLACES for page in sorted(ROOT.glob(place))]


def code(page: Path) -> list[str]:
    """Lines of blocks, and what stands between backticks, however it is broken into lines."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    return lines + [" ".join(one.split()) for one in INLINE.findall(FENCED.sub("", text))]


def commands(page: Path) -> list[str]:
    """What follows `zampay`, in whatever the line begins with."""
    return [found[1] for line in code(page) if (found := OURS.search(line))]


def understand(line: str) -> None:
    """Read the line as `zampay` does before it runs a command; click.UsageError if it cannot."""
    words = shlex.split(PLACEHOLDER.sub("x", ID.sub(rf"\1_{'0' * 26}", line)))
    command: click.Command = main
    context = click.Context(command, info_name="zampay")
    while isinstance(command, click.Group):
        assert words, "a group is no command"
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    command.make_context(context.info_name, words, parent=context.parent)


LINES = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{p.stem}: {one}" for p, one in LINES])
def test_a_command_of_the_documents_is_understood(
    monkeypatch: pytest.MonkeyPatch, page: Path, line: str
) -> None:
    monkeypatch.delenv("OPERATOR", raising=False)
    for name, value in OF_A_MERCHANT.items():
        monkeypatch.setenv(name, value)
    with contextlib.suppress(click.exceptions.Exit):  # --help
        understand(line)


def test_there_are_commands_to_look_at() -> None:
    assert len(LINES) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_starts_it_in_another_way(page: Path) -> None:
    assert [line for line in code(page) if OTHERWISE.search(line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "payment poll <pay_…>",
        "payment resolve <pay_…> LOST --operator <you> --reason <why>",
        "callbacks replay --since <when> --operator <you> --reason <why>",
        "payment show <id>",
        "payment lose <pay_…>",
        "tenant list --all",
        "shop list",
        "web --nonsense",
    ],
)
def test_a_line_that_is_not_whole_is_not_understood(line: str) -> None:
    with pytest.raises(click.UsageError):
        understand(line)
