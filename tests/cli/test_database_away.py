"""Without its database a command says so in a sentence, and a script sees that it failed."""

from collections.abc import Callable

import click
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.cli.test_who_acts import ACTIONS, PAYMENT, TENANT, UNGROUNDED, WALLET
from tests.support.commands import run
from tests.support.two_operators import act
from zampay.cli.commands import OPERATORS, load
from zampay.cli.group import AWAY, OTHER_SCHEMA, Commands

READS = [
    ("tenant", "list"),
    ("key", "list", TENANT),
    ("payment", "list"),
    ("payment", "today"),
    ("payment", "show", PAYMENT),
    ("payment", "proposals"),
    ("operator", "list"),
    ("wallet", "list", TENANT),
    ("wallet", "show", WALLET),
    ("wallet", "balance", WALLET),
    ("secrets", "rotate-encryption"),
]
PROVEN = [
    ("payment", "approve", f"prp_{'0' * 26}"),
    ("operator", "add", "ann"),
    ("operator", "approve", "ann"),
    ("operator", "remove", "ann"),
]
OF_LIBRARIES = {"db"}
COMMANDS = {name: load(name) for name in OPERATORS}
SIGNED = ("--operator", "Ann", "--reason", "fraud")
ALL = [
    *READS,
    *PROVEN,
    *[(*action, *SIGNED[:2]) for action in UNGROUNDED],
    *[(*action, *SIGNED) for action in ACTIONS],
]


@pytest.fixture(scope="module")
def homeless(shared_app: Callable[..., Flask]) -> Flask:
    """The application, with nobody where its database should be."""
    return shared_app(database_url="postgresql+psycopg://zampay:opensesame@127.0.0.1:9/zampay")


@pytest.mark.parametrize("command", ALL, ids=lambda command: " ".join(command[:2]))
def test_each_command_says_it_in_one_sentence(homeless: Flask, command: tuple[str, ...]) -> None:
    result = act(homeless, "zpo_nobody", *command)
    assert (result.exit_code, result.output) == (1, f"Error: {AWAY}\n")


def test_every_group_of_ours_does() -> None:
    groups = {name: one for name, one in COMMANDS.items() if isinstance(one, click.Group)}
    ours = groups.keys() - OF_LIBRARIES
    assert ours == {name for name, one in groups.items() if isinstance(one, Commands)}
    assert ours == {command[0] for command in ALL}


def test_every_command_of_every_group_is_tried() -> None:
    groups = [(name, one) for name, one in COMMANDS.items() if isinstance(one, Commands)]
    found = {(name, command) for name, group in groups for command in group.commands}
    assert found == {command[:2] for command in ALL}


@pytest.mark.parametrize("command", [*READS, *PROVEN], ids=" ".join)
def test_a_database_without_our_tables_is_told_too(bare: Flask, command: tuple[str, ...]) -> None:
    result = act(bare, "zpo_nobody", *command)
    assert (result.exit_code, result.output) == (1, f"Error: {OTHER_SCHEMA}\n")


def test_a_defect_still_shows_its_stack(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(**_: object) -> None:
        raise sa.exc.ProgrammingError("SELECT", {}, ValueError("ours"))

    monkeypatch.setattr("zampay.tenants.operator_actions.tenants", breaks)
    assert isinstance(run(app, "tenant", "list").exception, sa.exc.ProgrammingError)
