"""What the MTN adapter needs: from the environment, and of a merchant's own wallet.

Hosts: sandbox.momodeveloper.mtn.com (sandbox); proxy.momoapi.mtn.com (production, to be confirmed
when going live). The three credentials are independent of each other (MTN developer portal).
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from environs import validate

from zampay.providers.credentials import Credential, MerchantWallets
from zampay.providers.variables import POSITIVE, authorities, require_https, url, valid

NETWORK = ("MTN_BASE_URL", "MTN_TARGET_ENVIRONMENT")
CREDENTIALS = (
    "MTN_COLLECTION_SUBSCRIPTION_KEY",
    "MTN_COLLECTION_API_USER",
    "MTN_COLLECTION_API_KEY",
)
SECRETS = frozenset({"MTN_COLLECTION_SUBSCRIPTION_KEY", "MTN_COLLECTION_API_KEY"})
"""The variables whose values nobody may read."""
SANDBOX = "sandbox"
KEY_LENGTH = 32
UNKNOWN_GRACE_S = 30.0
_ENVIRONMENT = re.compile(r"^(sandbox|mtn[a-z]+)$")


@dataclass(frozen=True, slots=True)
class Settings:
    """One wallet at MTN: credentials of its collection product, and our side's limits. Where the
    deployment has no wallet of its own, its credentials are empty: only merchants' wallets work.

    `callback_base_url` None leaves the callback header out: payments work, only slower.
    `unknown_grace_s`: how long after a send "unknown reference" proves nothing yet.
    `ca_bundle`: the authorities to trust in place of the public ones.
    """

    base_url: str
    target_environment: str
    subscription_key: str = field(repr=False)
    api_user: str = field(repr=False)
    api_key: str = field(repr=False)
    callback_base_url: str | None
    connect_timeout_s: float
    read_timeout_s: float
    polls_per_s: float
    min_amount_minor: int
    max_amount_minor: int
    unknown_grace_s: float
    ca_bundle: str | None = None
    is_merchants: bool = False

    @property
    def has_wallet(self) -> bool:
        """Whether there are credentials to call MTN with."""
        return bool(self.api_user)

    @property
    def login(self) -> str:
        """What tells these credentials from any others: whoever does not know all of them shares
        neither a token nor a pace with whoever does.
        """
        known = (self.target_environment, self.subscription_key, self.api_user, self.api_key)
        return hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]

    @property
    def longest_call_s(self) -> float:
        """The longest that one exchange with MTN may take."""
        return self.connect_timeout_s + self.read_timeout_s

    @property
    def account(self) -> str:
        """What tells this account's payments from those of another, and is no credential."""
        named = f"{self.target_environment} {self.api_user}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    @property
    def is_sandbox(self) -> bool:
        """Whether this is MTN's sandbox, with EUR and the published Swedish test numbers."""
        return self.target_environment == SANDBOX


def read(env: Any, *, strict: bool) -> Settings | None:
    """Read the variables; None where none is given. Without credentials, which are given together,
    the deployment has no wallet here.
    """
    given = [name for name in (*NETWORK, *CREDENTIALS) if env.str(name, None)]
    rest = _optional(env)
    callback = env.str("MTN_CALLBACK_BASE_URL", None, validate=url("MTN_CALLBACK_BASE_URL"))
    if not given:
        return None
    base_url = env.str("MTN_BASE_URL", validate=url("MTN_BASE_URL")) or ""
    if strict:
        require_https(env, {"MTN_BASE_URL": base_url, "MTN_CALLBACK_BASE_URL": callback})
    return Settings(
        base_url=base_url.rstrip("/"),
        target_environment=env.str(
            "MTN_TARGET_ENVIRONMENT",
            validate=validate.Regexp(_ENVIRONMENT, error="must be sandbox or such as mtnzambia"),
        ),
        **_credentials(env, strict=strict, given=any(name in CREDENTIALS for name in given)),
        callback_base_url=callback.rstrip("/") if callback else None,
        **rest,
    )


def _credentials(env: Any, *, strict: bool, given: bool) -> dict[str, Any]:
    if not given:
        return {"subscription_key": "", "api_user": "", "api_key": ""}
    whole = valid(_not_whole) if strict else None
    return {
        "subscription_key": env.str("MTN_COLLECTION_SUBSCRIPTION_KEY", validate=whole),
        "api_user": env.str("MTN_COLLECTION_API_USER", validate=valid(_not_uuid4)),
        "api_key": env.str("MTN_COLLECTION_API_KEY", validate=whole),
    }


def _optional(env: Any) -> dict[str, Any]:
    return {
        "connect_timeout_s": env.float("MTN_CONNECT_TIMEOUT_S", 5.0, validate=POSITIVE),
        "read_timeout_s": env.float("MTN_READ_TIMEOUT_S", 20.0, validate=POSITIVE),
        "polls_per_s": env.float("MTN_POLLS_PER_S", 10.0, validate=POSITIVE),
        "min_amount_minor": env.int("MTN_MIN_AMOUNT_NGWEE", 1, validate=POSITIVE),
        "max_amount_minor": env.int("MTN_MAX_AMOUNT_NGWEE", 100_000_000, validate=POSITIVE),
        "unknown_grace_s": env.float("MTN_UNKNOWN_GRACE_S", UNKNOWN_GRACE_S, validate=POSITIVE),
        "ca_bundle": env.str("MTN_CA_BUNDLE", None, validate=authorities),
    }


def _not_whole(text: str) -> str | None:
    """An API key is 32 hexadecimal digits (MTN's provisioning API), a subscription key as long: a
    shorter one was cut off on its way. The text itself is never in a message.
    """
    if len(text) < KEY_LENGTH:
        return f"must have at least {KEY_LENGTH} characters, as MTN's keys have"
    return None


def _not_uuid4(text: str) -> str | None:
    try:
        is_uuid4 = uuid.UUID(text).version == 4  # noqa: PLR2004 - the version that MTN accepts
    except ValueError:
        is_uuid4 = False
    return None if is_uuid4 else "must be a UUID version 4"


def _of_wallet(network: Settings, credentials: Mapping[str, str], callback_token: str) -> Settings:  # noqa: ARG001 - each payment has a callback address of its own
    return replace(
        network,
        subscription_key=credentials["subscriptionKey"],
        api_user=credentials["apiUser"],
        api_key=credentials["apiKey"],
        is_merchants=True,
    )


MERCHANT_WALLETS = MerchantWallets(
    credentials=(
        Credential(
            "subscriptionKey",
            "the subscription key of your collection product in MTN's portal",
            _not_whole,
        ),
        Credential("apiUser", "the API user of that product, a UUID version 4", _not_uuid4),
        Credential("apiKey", "the API key of that user", _not_whole),
    ),
    settings=_of_wallet,
)
"""The three credentials of a collection product."""
