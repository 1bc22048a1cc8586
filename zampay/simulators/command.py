"""`zampay simulate NETWORK`: one command for each network that has a simulator here."""

import importlib
import pkgutil

import click

from zampay import simulators


class Networks(click.Group):
    """The packages beside the core. While there is one, its name may be left out."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names."""
        found = pkgutil.iter_modules(simulators.__path__)
        return sorted(one.name for one in found if one.ispkg and one.name != "core")

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The simulator of this name, loaded now."""
        if name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"{simulators.__name__}.{name}.__main__")
        command: click.Command = module.simulate
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in the name that was left out."""
        names = self.list_commands(ctx)
        is_named = bool(args) and (args[0] in (*names, "--help") or not args[0].startswith("-"))
        return super().parse_args(ctx, args if is_named or len(names) > 1 else [*names, *args])


simulate = Networks("simulate")
