"""What the simulator can be told when it starts: command line first, then the environment.

Every option is also the environment variable SIMULATOR_MTN_<NAME>. Nothing here has a secret
as its default: keys that are not given are made at random.
"""

import argparse
import os
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

SANDBOX = "sandbox"
ZAMBIA = "mtnzambia"


def random_key() -> str:
    """32 hexadecimal digits, the shape of a subscription key and of an API key."""
    return secrets.token_hex(16)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One simulated network; durations are in seconds."""

    host: str = "127.0.0.1"
    port: int = 8081
    environment: str = ZAMBIA
    subscription_key: str = field(default_factory=random_key)
    disbursement_subscription_key: str = field(default_factory=random_key)
    api_user: str = field(default_factory=lambda: str(uuid.uuid4()))
    api_key: str = field(default_factory=random_key)
    callback_host: str = "127.0.0.1"
    callback_method: str = "PUT"
    callback_retries: int = 0
    approval_s: float = 1.5
    delayed_s: float = 8.0
    expire_s: float = 0.0
    notify_s: float = 1800.0
    token_life_s: float = 3600.0
    seed: int = 0
    tls_directory: str = ""
    callback_authorities: str = ""

    @property
    def base_url(self) -> str:
        """Where it is reached, without the port."""
        return f"{'https' if self.tls_directory else 'http'}://{self.host}"

    @property
    def currency(self) -> str:
        """EUR in the sandbox, else the kwacha (MTN: Sandbox Use Cases)."""
        return "EUR" if self.environment == SANDBOX else "ZMW"


HELP = {
    "host": "address to listen on",
    "port": "port to listen on; 0 takes any free one and prints it",
    "environment": "the one value of X-Target-Environment that is served",
    "subscription_key": "subscription key of the collection product",
    "disbursement_subscription_key": "subscription key of the disbursement product",
    "api_user": "an API user that exists from the start (UUID v4)",
    "api_key": "that user's API key",
    "callback_host": "the host registered for that user's callbacks",
    "callback_method": "the verb of callbacks",
    "callback_retries": "how often a callback that was not answered 200 is sent again, 1 s apart",
    "approval_s": "how long a payer takes to approve",
    "delayed_s": "how long the test number for a delay takes",
    "expire_s": "after how long the test number for an expiry expires",
    "notify_s": "how long after success a delivery notification is taken",
    "token_life_s": "how long a token lives",
    "seed": "decides which requests meet a fault that has a probability",
    "tls_directory": "speak TLS, with a certificate that is made and kept in this directory",
    "callback_authorities": "file of the authorities that callbacks over TLS trust",
}
KEYS = ("subscription_key", "disbursement_subscription_key", "api_user", "api_key")
CHOICES = {"environment": (SANDBOX, ZAMBIA), "callback_method": ("PUT", "POST")}


def parser() -> argparse.ArgumentParser:
    """The command line, one option for each field of Settings."""
    options = argparse.ArgumentParser(prog="python -m zampay.simulators.mtn", description=__doc__)
    for setting in fields(Settings):
        variable = f"SIMULATOR_MTN_{setting.name.upper()}"
        options.add_argument(
            "--" + setting.name.replace("_", "-"),
            type=setting.type if callable(setting.type) else str,
            choices=CHOICES.get(setting.name),
            default=os.environ.get(variable, argparse.SUPPRESS),
            help=f"{HELP[setting.name]} (or {variable})",
        )
    return options


def read(arguments: Sequence[str] | None = None) -> tuple[Settings, list[str]]:
    """The settings of this process and the names of the keys made for it.

    Exits with a message when an option cannot be understood.
    """
    options = parser()
    given = vars(options.parse_args(arguments))
    for name, choices in CHOICES.items():
        # argparse checks choices on the command line, but not what came from the environment.
        if given.get(name, choices[0]) not in choices:
            options.error(f"{name}: one of {', '.join(choices)}")
    return Settings(**given), [name for name in KEYS if name not in given]
