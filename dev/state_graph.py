"""Writes docs/states.md: every state of a transfer, drawn and tabled from `zampay/transfers`.

`--check` writes nothing and exits 2 when the document is not what it would be.
"""

import sys
from typing import Final

from dev.environment import ROOT, DevError, run_program
from zampay.transfers import kinds
from zampay.transfers.states import RULES, State

DOCUMENT: Final = ROOT / "docs" / "states.md"
_INTRODUCTION: Final = """\
# States of a transfer

`python -m dev.state_graph` writes this page from `states.py` and `kinds.py` in
`zampay/transfers`. Only `transitions.py` there changes a state.
"""


def document() -> str:
    """The page: a Mermaid diagram of every legal transition, and a table of the rules."""
    edges = [f"    {source} --> {target}" for source in State for target in _targets(source)]
    ends = [f"    {state} --> [*]" for state in State if not RULES[state].targets]
    rows = [
        f"| {state} | {rule.status} | {rule.action or '-'} | {_events(state)} |"
        for state, rule in RULES.items()
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {State.PENDING}",
            *edges,
            *ends,
            "```",
            "",
            "| state | merchants see | a due row is owed | event |",
            "|---|---|---|---|",
            *rows,
            "",
            "A transfer that has ended and is due all the same is owed a poll: networks have been",
            "seen to take an ending back.",
            "",
        ]
    )


def _events(state: State) -> str:
    found = [rule.events[state] for rule in kinds.RULES.values() if state in rule.events]
    return ", ".join(found) or "-"


def _targets(source: State) -> list[State]:
    return [target for target in State if target in RULES[source].targets]


def main() -> None:
    """Write the document, or check it.

    Raises:
        DevError: it is not what it would be.
    """
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(document(), encoding="utf-8")
    elif not DOCUMENT.is_file() or DOCUMENT.read_text(encoding="utf-8") != document():
        raise DevError("docs/states.md is old: python -m dev.state_graph")


if __name__ == "__main__":
    run_program(main)
