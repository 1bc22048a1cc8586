"""Every command line of ours in the documents is whole: pasted, with its placeholders filled in, it
is understood. Nothing is run.
"""

import re
import shlex
from pathlib import Path

import click
import pytest
from flask import Flask

from dev.environment import ROOT

FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
OURS = "flask --app wsgi "
ID = re.compile(r"<?\b(pay|ten|key|whe|prp)_…>?")
PLACEHOLDER = re.compile(r"<[^<>]+>")
OPERATORS = [ROOT / "docs/operations.md", *sorted((ROOT / "docs/runbooks").glob("*.md"))]
PAGES = [*ROOT.glob("*.md"), *OPERATORS]


def code(page: Path) -> list[str]:
    """Lines of blocks, and what stands between backticks, however it is broken into lines."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    return lines + [" ".join(one.split()) for one in INLINE.findall(FENCED.sub("", text))]


def commands(page: Path) -> list[str]:
    """What follows `flask --app wsgi`, in whatever the line begins with."""
    found = [line.partition(OURS)[2] for line in code(page) if OURS in line]
    return [one for one in found if one != "…"]


def understand(app: Flask, line: str) -> None:
    """Read the line as `flask` does before it runs a command; click.UsageError if it cannot."""
    words = shlex.split(PLACEHOLDER.sub("x", ID.sub(rf"\1_{'0' * 26}", line)))
    command: click.Command = app.cli
    context = click.Context(command, info_name="flask")
    while isinstance(command, click.Group):
        assert words, "a group is no command"
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    command.make_context(context.info_name, words, parent=context.parent)


LINES = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(("page", "line"), LINES, ids=[f"{p.stem}: {one}" for p, one in LINES])
def test_a_command_of_the_documents_is_understood(
    migrated_app: Flask, monkeypatch: pytest.MonkeyPatch, page: Path, line: str
) -> None:
    monkeypatch.delenv("OPERATOR", raising=False)
    understand(migrated_app, line)


def test_there_are_commands_to_look_at() -> None:
    assert len(LINES) > 20


@pytest.mark.parametrize("page", OPERATORS, ids=lambda page: page.name)
def test_no_command_is_without_its_application(page: Path) -> None:
    assert [line for line in code(page) if re.search(r"\bflask (?!--app wsgi )", line)] == []


@pytest.mark.parametrize(
    "line",
    [
        "payment poll <pay_…>",
        "payment resolve <pay_…> LOST --operator <you> --reason <why>",
        "callbacks replay --since <when> --operator <you> --reason <why>",
        "payment show <id>",
        "payment lose <pay_…>",
        "tenant list --all",
    ],
)
def test_a_line_that_is_not_whole_is_not_understood(migrated_app: Flask, line: str) -> None:
    with pytest.raises(click.UsageError):
        understand(migrated_app, line)
