"""What the Zamtel adapter needs: from the environment, and of a merchant's own wallet.

Hosts: apps.zamtel.co.zm, with the paths /ZampayRest (test and live) and /ZampayRestProd (live), as
others have written them down. Zamtel gives the credentials with a contract; there is no portal.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from environs import validate

from zampay.providers.credentials import Credential, MerchantWallets, word
from zampay.providers.variables import POSITIVE, authorities, require_https, url, valid

CREDENTIALS: Final = ("ZAMTEL_THIRD_PARTY_ID", "ZAMTEL_PASSWORD", "ZAMTEL_SHORTCODE")
ENQUIRY: Final = ("ZAMTEL_STATUS_BASE_URL", "ZAMTEL_STATUS_USERNAME", "ZAMTEL_STATUS_PASSWORD")
SECRETS: Final = frozenset({"ZAMTEL_THIRD_PARTY_ID", "ZAMTEL_PASSWORD", "ZAMTEL_STATUS_PASSWORD"})
"""The variables whose values nobody may read."""
POLL_TIMEOUT_S: Final = 20.0
READ_TIMEOUT_S: Final = 130.0
MAX_IN_FLIGHT: Final = 100
MAX_AMOUNT_MINOR: Final = 1_500_000
_BEGINNING = re.compile(r"^https?://[^\s#@]+$")
_SHORTCODE = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Settings:
    """One short code at Zamtel: its credentials, and our side's limits. Where the deployment has
    none of its own, the credentials are empty: only merchants' wallets work.

    `read_timeout_s`: how long a customer has to answer. `max_in_flight`: how many customers one
    process asks at a time. With `sends_reference`, Zamtel is given our payment id besides.
    """

    base_url: str = ""
    third_party_id: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    shortcode: str = ""
    status_base_url: str | None = None
    status_username: str = field(default="", repr=False)
    status_password: str = field(default="", repr=False)
    connect_timeout_s: float = 5.0
    read_timeout_s: float = READ_TIMEOUT_S
    max_in_flight: int = MAX_IN_FLIGHT
    polls_per_s: float = 5.0
    min_amount_minor: int = 1
    max_amount_minor: int = MAX_AMOUNT_MINOR
    sends_reference: bool = False
    ca_bundle: str | None = None
    is_merchants: bool = False

    @property
    def has_wallet(self) -> bool:
        """Whether there are credentials to call Zamtel with."""
        return bool(self.third_party_id)

    @property
    def can_poll(self) -> bool:
        """Whether Zamtel can be asked what became of a payment."""
        return bool(self.status_base_url and self.status_username)

    @property
    def longest_call_s(self) -> float:
        """The longest that one exchange may take, but for the time that a customer needs."""
        return self.connect_timeout_s + POLL_TIMEOUT_S

    @property
    def blocks_for(self) -> timedelta:
        """How much longer a request lasts than that, because a customer answers first."""
        return timedelta(seconds=self.read_timeout_s)

    @property
    def login(self) -> str:
        """What tells these credentials from any others, so that nobody else shares their pace."""
        known = (self.third_party_id, self.password, self.status_username, self.status_password)
        return hashlib.sha256("\n".join(known).encode()).hexdigest()[:32]

    @property
    def account(self) -> str:
        """What tells this account's payments from those of another, and is no credential."""
        named = f"{self.third_party_id} {self.shortcode}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    @property
    def hidden(self) -> tuple[str, ...]:
        """What nobody may see in an answer that gives it back."""
        ours = (self.third_party_id, self.password, self.status_username, self.status_password)
        return tuple(filter(None, ours))


def read(env: Any, *, strict: bool) -> Settings | None:
    """Read the variables; None where none is given. Without credentials, which are given together,
    the deployment has no wallet here. `strict` asks for TLS.
    """
    given = {name for name in ("ZAMTEL_BASE_URL", *CREDENTIALS, *ENQUIRY) if env.str(name, None)}
    rest = _optional(env)
    status_url = env.str("ZAMTEL_STATUS_BASE_URL", None, validate=_beginning)
    if not given:
        return None
    base_url = env.str("ZAMTEL_BASE_URL", validate=url("ZAMTEL_BASE_URL")) or ""
    if strict:
        require_https(env, {"ZAMTEL_BASE_URL": base_url, "ZAMTEL_STATUS_BASE_URL": status_url})
    return Settings(
        base_url=base_url.rstrip("/"),
        status_base_url=status_url,
        **(_credentials(env) if given & {*CREDENTIALS} else {}),
        **_status_login(env),
        **rest,
    )


def _credentials(env: Any) -> dict[str, Any]:
    return {
        "third_party_id": env.str("ZAMTEL_THIRD_PARTY_ID", validate=valid(word)),
        "password": env.str("ZAMTEL_PASSWORD", validate=valid(word)),
        "shortcode": env.str("ZAMTEL_SHORTCODE", validate=valid(_no_shortcode)),
    }


def _status_login(env: Any) -> dict[str, Any]:
    """The login of the enquiry: both or none, and of no use without its address."""
    found = {name: env.str(name, None, validate=valid(word)) for name in ENQUIRY[1:]}
    if any(found.values()):
        for name in ENQUIRY:
            if not env.str(name, None):
                env.problem(name, "is needed with the others of the status enquiry")
    username, password = (found[name] or "" for name in ENQUIRY[1:])
    return {"status_username": username, "status_password": password}


def _optional(env: Any) -> dict[str, Any]:
    blocking = validate.Range(min=0, min_inclusive=False, max=3600)
    places = validate.Range(1, 1000)
    most = MAX_AMOUNT_MINOR
    return {
        "connect_timeout_s": env.float("ZAMTEL_CONNECT_TIMEOUT_S", 5.0, validate=POSITIVE),
        "read_timeout_s": env.float("ZAMTEL_READ_TIMEOUT_S", READ_TIMEOUT_S, validate=blocking),
        "max_in_flight": env.int("ZAMTEL_MAX_IN_FLIGHT", MAX_IN_FLIGHT, validate=places),
        "polls_per_s": env.float("ZAMTEL_POLLS_PER_S", 5.0, validate=POSITIVE),
        "min_amount_minor": env.int("ZAMTEL_MIN_AMOUNT_NGWEE", 1, validate=POSITIVE),
        "max_amount_minor": env.int("ZAMTEL_MAX_AMOUNT_NGWEE", most, validate=POSITIVE),
        "sends_reference": env.bool("ZAMTEL_SEND_REFERENCE", False),
        "ca_bundle": env.str("ZAMTEL_CA_BUNDLE", None, validate=authorities),
    }


_beginning = validate.Regexp(_BEGINNING, error="must be a URL without fragment or login")


def _no_shortcode(text: str) -> str | None:
    return None if _SHORTCODE.fullmatch(text) else "must be at most 20 digits"


def _anything(text: str) -> str | None:  # noqa: ARG001 - `objections` asks for a word already
    return None


def _of_wallet(network: Settings, credentials: Mapping[str, str], callback_token: str) -> Settings:  # noqa: ARG001 - Zamtel calls nobody back
    return replace(
        network,
        third_party_id=credentials["thirdPartyId"],
        password=credentials["password"],
        shortcode=credentials["shortcode"],
        status_username=credentials.get("statusUsername", ""),
        status_password=credentials.get("statusPassword", ""),
        is_merchants=True,
    )


MERCHANT_WALLETS: Final = MerchantWallets(
    credentials=(
        Credential("thirdPartyId", "the ThirdPartyID that Zamtel gave you", _anything),
        Credential("password", "the password that belongs to it", _anything),
        Credential("shortcode", "your short code at Zamtel, digits", _no_shortcode),
        Credential(
            "statusUsername", "the login of Zamtel's status enquiry", _anything, is_optional=True
        ),
        Credential("statusPassword", "the password of that login", _anything, is_optional=True),
    ),
    settings=_of_wallet,
)
"""The credentials of a short code; the last two come together."""
