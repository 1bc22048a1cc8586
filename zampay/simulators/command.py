"""`zampay simulate NETWORK`: one command for each network that has a simulator here.

Without a name all of them are started, each on its own port.
"""

import importlib
import pkgutil
from typing import Any

import click

from zampay import simulators
from zampay.simulators.core.program import Simulator, run


def names() -> list[str]:
    """The packages beside the core."""
    found = pkgutil.iter_modules(simulators.__path__)
    return sorted(one.name for one in found if one.ispkg and one.name != "core")


def simulator(name: str) -> Simulator[Any]:
    """The simulator of this name, loaded now."""
    found: Simulator[Any] = importlib.import_module(
        f"{simulators.__name__}.{name}.__main__"
    ).simulate
    return found


class Networks(click.Group):
    """A command for each network."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names."""
        return names()

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """The simulator of this name, if there is one."""
        return simulator(name) if name in names() else None


@click.command("simulate", cls=Networks, invoke_without_command=True)
@click.pass_context
def simulate(ctx: click.Context) -> None:
    """Stand in for a network; for all of them, when none is named."""
    if ctx.invoked_subcommand is None:
        found = [simulator(name) for name in names()]
        read = [one.make_context(one.name, [], ctx).params for one in found]
        run([one.listen(options) for one, options in zip(found, read, strict=True)])
