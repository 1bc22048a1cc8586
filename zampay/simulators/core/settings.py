"""Settings of a simulator: from the command line, or else from the environment.

Every option is also the environment variable SIMULATOR_<NETWORK>_<NAME>. No secret has a default:
keys that are not given are made at random.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import click


def random_key() -> str:
    """32 hexadecimal digits."""
    return secrets.token_hex(16)


def option(default: float | str, text: str, *choices: str) -> Any:
    """A setting; `text` is its line in `--help`."""
    return field(default=default, metadata={"help": text, "choices": choices or None})


def key(text: str, make: Callable[[], str] = random_key) -> Any:
    """A key that is made, and printed at the start, unless it is given."""
    return field(default_factory=make, metadata={"help": text, "is_key": True})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of every network; durations are in seconds."""

    network: ClassVar[str]

    host: str = option("127.0.0.1", "address to listen on")
    port: int = option(8081, "port to listen on; 0 takes any free one and prints it")
    callback_method: str = option("PUT", "HTTP method of callbacks", "PUT", "POST")
    callback_retries: int = option(
        0, "how often a callback that was not answered 200 is sent again, 1 s apart"
    )
    approval_s: float = option(1.5, "how long a payer takes to approve")
    delayed_s: float = option(8.0, "how long the test number for a delay takes")
    expire_s: float = option(0.0, "after how long the test number for an expiry expires")
    answer_s: float = option(0.0, "median of the time that an answer takes; 0 answers at once")
    answer_p99_s: float = option(0.0, "99 of 100 answers take less than this")
    seed: int = option(0, "decides which requests get a fault that has a probability")
    tls_directory: str = option(
        "", "use TLS, with a certificate that is made and kept in this directory"
    )
    callback_authorities: str = option("", "file of the authorities that callbacks over TLS trust")

    @property
    def base_url(self) -> str:
        """Where it is reached, without the port."""
        return f"{'https' if self.tls_directory else 'http'}://{self.host}"

    @property
    def summary(self) -> str:
        """What else the start prints about the network, in one line."""
        return "currency: ZMW"


def options(kind: type[Settings]) -> Iterator[click.Option]:
    """An option for each setting of a network; one that is not given has no value."""
    for setting in fields(kind):
        name = setting.name
        choices = setting.metadata.get("choices")
        yield click.Option(
            ["--" + name.replace("_", "-")],
            type=click.Choice(choices) if choices else setting.type,
            envvar=f"SIMULATOR_{kind.network.upper()}_{name.upper()}",
            show_envvar=True,
            help=setting.metadata["help"],
        )
