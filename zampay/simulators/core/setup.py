"""How a gateway and the simulator of a network are configured for each other.

Each network declares one `SETUP`. A development stack, the demo and `make secrets` read it, so that
none of them names a network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from string import Formatter
from urllib.parse import urlsplit

from zampay.kernel.sandbox_numbers import Ending
from zampay.simulators.core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One network's declaration.

    `gateway` is the gateway's variables, `simulator` the simulator's options beyond host, port and
    keys. A text may name a key of the simulator, and `{simulator}`, `{gateway}` and
    `{gateway_host}`: two addresses without a path, and a host. `prefix` is what the network's test
    numbers begin with and `endings` what they can show. `quick` is variables of both sides that
    shorten what takes minutes. `can_poll`: whether the network tells what became of a lost answer.
    """

    settings: type[Settings]
    gateway: Mapping[str, str]
    simulator: Mapping[str, str] = field(default_factory=dict)
    prefix: str
    endings: frozenset[Ending]
    quick: Mapping[str, str] = field(default_factory=dict)
    can_poll: bool = True

    @property
    def network(self) -> str:
        """The network's code."""
        return self.settings.network

    @property
    def port(self) -> int:
        """Where its simulator listens, unless told otherwise."""
        return int(self.settings.port)

    def keys(self) -> dict[str, str]:
        """New random keys, by name."""
        made = (one for one in fields(self.settings) if "is_key" in one.metadata)
        return {one.name: one.default_factory() for one in made if callable(one.default_factory)}

    def for_gateway(
        self, *, simulator: str, gateway: str, keys: Mapping[str, str]
    ) -> dict[str, str]:
        """The gateway's variables, for these addresses and keys."""
        return _filled(self.gateway, {**_places(gateway), "simulator": simulator, **keys})

    def for_simulator(
        self, *, host: str, port: int, gateway: str, keys: Mapping[str, str]
    ) -> dict[str, str]:
        """The simulator's variables, for the place where it listens."""
        options = _filled(self.simulator, {**_places(gateway), **keys})
        given = {"HOST": host, "PORT": str(port), **options}
        given |= {name.upper(): text for name, text in keys.items()}
        return {f"SIMULATOR_{self.network}_{name}": text for name, text in given.items()}

    def secrets(self) -> frozenset[str]:
        """The gateway's variables that hold a key."""
        keys = self.keys()
        return frozenset(
            name
            for name, text in self.gateway.items()
            if any(key in keys for _, key, _, _ in Formatter().parse(text))
        )


def _places(gateway: str) -> dict[str, str]:
    return {"gateway": gateway, "gateway_host": urlsplit(gateway).hostname or ""}


def _filled(texts: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    return {name: text.format_map(known) for name, text in texts.items()}
