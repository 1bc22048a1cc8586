"""Two proven operators, who decide about live money as two."""

import re

from click.testing import Result
from flask import Flask

from tests.support.commands import run

REASON = "statement of 31 January"


def act(app: Flask, token: str, *arguments: str) -> Result:
    """Type a command as whoever has this token."""
    return run(app, *arguments, OPERATOR_TOKEN=token)


def add(app: Flask, name: str) -> str:
    """A new operator's token."""
    added = act(app, "", "operator", "add", name)
    assert added.exit_code == 0, added.output
    found = re.search(r"zpo_[0-9a-z]{40}", added.output)
    assert found
    return found[0]


def founders(app: Flask) -> tuple[str, str]:
    """The tokens of ann and ben."""
    return add(app, "ann"), add(app, "ben")


def propose(app: Flask, token: str, *arguments: str) -> str:
    """Propose a decision; its id."""
    proposed = act(app, token, "payment", *arguments, "--reason", REASON)
    found = re.search(r"prp_[0-9a-z]{26}", proposed.output)
    assert found, proposed.output
    return found[0]


def decide(app: Flask, transfer_id: str, end: str, *given: str) -> Result:
    """One proposes, the other approves; what the approval said."""
    ann, ben = founders(app)
    proposal = propose(app, ann, "resolve", transfer_id, end, *given)
    return act(app, ben, "payment", "approve", proposal)
