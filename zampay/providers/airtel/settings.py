"""What the Airtel adapter needs: from the environment, and of a merchant's own wallet.

Hosts: openapiuat.airtel.co.zm (UAT) and openapi.airtel.co.zm (production); the older ones under
airtel.africa are announced as ending for Zambia. A wallet is an application of Airtel's portal: its
client id and secret, its one callback address, the private key for the hash of callbacks, and the
switch for signed messages all belong to it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from environs import validate

from zampay.providers.credentials import Credential, MerchantWallets
from zampay.providers.variables import POSITIVE, authorities, require_https, url, valid

CREDENTIALS = ("AIRTEL_CLIENT_ID", "AIRTEL_CLIENT_SECRET")
SECRETS = frozenset({"AIRTEL_CLIENT_SECRET", "AIRTEL_CALLBACK_KEY", "AIRTEL_CALLBACK_TOKEN"})
"""The variables whose values nobody may read."""
SHORTEST_CREDENTIAL = 16
UNKNOWN_GRACE_S = 900.0
FIRST_POLL_S = 180.0
PAYMENTS_PATH = "/merchant/v1/payments/"
_TOKEN = re.compile(r"[0-9a-z]{32,64}")
_PATH = re.compile(r"^/[A-Za-z0-9/]+$")


@dataclass(frozen=True, slots=True)
class Settings:
    """One application at Airtel, and our side's limits. Where the deployment has no wallet of its
    own, its credentials are empty: only merchants' wallets work.

    `callback_token` is what our callback address for this application ends in; empty where Airtel
    does not know one. `callback_key` is the private key of Airtel's portal. `first_poll_s`: how
    long after a send a poll says anything. `signs`: whether the application signs messages.
    """

    base_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    callback_key: str = field(repr=False)
    callback_token: str = field(repr=False)
    callback_base_url: str | None
    signs: bool
    payments_path: str
    connect_timeout_s: float
    read_timeout_s: float
    polls_per_s: float
    min_amount_minor: int
    max_amount_minor: int
    unknown_grace_s: float
    first_poll_s: float
    ca_bundle: str | None = None
    is_merchants: bool = False

    @property
    def has_wallet(self) -> bool:
        """Whether there are credentials to call Airtel with."""
        return bool(self.client_id)

    @property
    def login(self) -> str:
        """What tells these credentials from any others: whoever does not know all of them shares
        neither a token nor a pace with whoever does.
        """
        known = (self.client_id, self.client_secret)
        return hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]

    @property
    def longest_call_s(self) -> float:
        """The longest that one exchange with Airtel may take."""
        return self.connect_timeout_s + self.read_timeout_s

    @property
    def account(self) -> str:
        """What tells this account's payments from those of another, and is no credential."""
        named = f"{self.base_url} {self.client_id}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]


def read(env: Any, *, strict: bool) -> Settings | None:
    """Read the variables; None where none is given. Without credentials, which are given together,
    the deployment has no wallet here.
    """
    given = [name for name in ("AIRTEL_BASE_URL", *CREDENTIALS) if env.str(name, None)]
    rest = _optional(env)
    callback = env.str("AIRTEL_CALLBACK_BASE_URL", None, validate=url("AIRTEL_CALLBACK_BASE_URL"))
    if not given:
        return None
    base_url = env.str("AIRTEL_BASE_URL", validate=url("AIRTEL_BASE_URL")) or ""
    if strict:
        require_https(env, {"AIRTEL_BASE_URL": base_url, "AIRTEL_CALLBACK_BASE_URL": callback})
    return Settings(
        base_url=base_url.rstrip("/"),
        **_credentials(env, strict=strict, given=any(name in CREDENTIALS for name in given)),
        callback_base_url=callback.rstrip("/") if callback else None,
        **rest,
    )


def _credentials(env: Any, *, strict: bool, given: bool) -> dict[str, Any]:
    if not given:
        return {"client_id": "", "client_secret": ""}
    whole = valid(_not_whole) if strict else None
    return {
        "client_id": env.str("AIRTEL_CLIENT_ID", validate=whole),
        "client_secret": env.str("AIRTEL_CLIENT_SECRET", validate=whole),
    }


def _optional(env: Any) -> dict[str, Any]:
    path = validate.Regexp(_PATH, error="must be a path such as /merchant/v1/payments/")
    grace = env.float("AIRTEL_UNKNOWN_GRACE_S", UNKNOWN_GRACE_S, validate=POSITIVE)
    return {
        "callback_key": env.str("AIRTEL_CALLBACK_KEY", None) or "",
        "callback_token": env.str("AIRTEL_CALLBACK_TOKEN", None, validate=valid(_no_token)) or "",
        "signs": env.bool("AIRTEL_SIGN_MESSAGES", False),
        "payments_path": env.str("AIRTEL_PAYMENTS_PATH", PAYMENTS_PATH, validate=path),
        "connect_timeout_s": env.float("AIRTEL_CONNECT_TIMEOUT_S", 5.0, validate=POSITIVE),
        "read_timeout_s": env.float("AIRTEL_READ_TIMEOUT_S", 30.0, validate=POSITIVE),
        "polls_per_s": env.float("AIRTEL_POLLS_PER_S", 10.0, validate=POSITIVE),
        "min_amount_minor": env.int("AIRTEL_MIN_AMOUNT_NGWEE", 100, validate=POSITIVE),
        "max_amount_minor": env.int("AIRTEL_MAX_AMOUNT_NGWEE", 100_000_000, validate=POSITIVE),
        "unknown_grace_s": grace,
        "first_poll_s": env.float("AIRTEL_FIRST_POLL_S", FIRST_POLL_S, validate=POSITIVE),
        "ca_bundle": env.str("AIRTEL_CA_BUNDLE", None, validate=authorities),
    }


def _not_whole(text: str) -> str | None:
    """Airtel's client id is a UUID in all samples, its secret another: far longer than this. The
    text itself is never in a message.
    """
    if len(text) < SHORTEST_CREDENTIAL:
        return f"must have at least {SHORTEST_CREDENTIAL} characters, as Airtel's credentials have"
    return None


def _no_token(text: str) -> str | None:
    if _TOKEN.fullmatch(text):
        return None
    return "must be 32 to 64 random digits and small letters: openssl rand -hex 20"


def _no_switch(text: str) -> str | None:
    return None if text in {"true", "false"} else "must be true or false"


def _anything(_text: str) -> str | None:
    return None


def _of_wallet(network: Settings, credentials: Mapping[str, str], callback_token: str) -> Settings:
    return replace(
        network,
        client_id=credentials["clientId"],
        client_secret=credentials["clientSecret"],
        callback_key=credentials.get("callbackKey", ""),
        callback_token=callback_token,
        signs=credentials.get("signMessages") == "true",
        is_merchants=True,
    )


MERCHANT_WALLETS = MerchantWallets(
    credentials=(
        Credential("clientId", "the client id of your application in Airtel's portal", _not_whole),
        Credential("clientSecret", "the client secret of that application", _not_whole),
        Credential(
            "callbackKey",
            "the private key of its settings, where callback authentication is on",
            _anything,
            is_optional=True,
        ),
        Credential(
            "signMessages",
            "true where message signing is on in its settings",
            _no_switch,
            is_optional=True,
        ),
    ),
    settings=_of_wallet,
    has_callback_address=True,
)
"""An application of Airtel's portal."""
