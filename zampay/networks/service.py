"""Puts together what is known of networks, and asks one about a number."""

from dataclasses import dataclass
from typing import Any

from zampay.infra.database.db import transaction
from zampay.kernel import msisdn
from zampay.kernel.errors import InvalidField
from zampay.kernel.money import Money
from zampay.networks import figures
from zampay.networks.figures import Hour
from zampay.providers import registry
from zampay.providers.profile import DEPLOYMENT, Kind, Profile
from zampay.transfers import network_states, routing
from zampay.transfers.network_states import Found
from zampay.wallets import adapters, choosing, verification
from zampay.wallets.choosing import Chosen

_COUNTRY = "260"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a number belongs to, as far as its network tells."""

    provider: str
    active: bool | None = None
    name: str | None = None


def overview(tenant_id: str, *, livemode: bool) -> list[dict[str, Any]]:
    """Every network that is served in this mode, as it is for this tenant."""
    profiles = [one.profile for one in registry.networks(livemode=livemode).values()]
    hours = figures.last_hour()
    with transaction(tenant_id) as tx:
        wallets = {one.code: choosing.chosen(tx, one.code, livemode=livemode) for one in profiles}
        states = network_states.found(tx) if livemode else {}
    shown = []
    for one in profiles:
        wallet, hour = wallets[one.code], hours.get((one.code, livemode), Hour())
        watched = (one.code, wallet.wallet_id if wallet else DEPLOYMENT)
        state = states.get(watched, Found())
        shown.append(_shown(one, wallet, hour, state, livemode=livemode))
    return shown


def holder(tenant_id: str, number: str, *, named: str | None, livemode: bool) -> Holder:
    """Ask the number's network, through the tenant's wallet there. Where there is none, or the
    network does not say, nothing is known: that is no reason to refuse anything.

    Raises:
        InvalidField: it is no number of a network that is served here.
        NetworkBeingAsked.
    """
    try:
        digits = msisdn.parse(number)
    except msisdn.NotMobileNumber as error:
        raise InvalidField({"msisdn": str(error)}) from error
    profile = routing.profile_of(Kind.PAYMENT, named, digits, livemode=livemode)
    with transaction(tenant_id) as tx:
        wallet = choosing.chosen(tx, profile.code, livemode=livemode)
        provider = (
            adapters.provider_of(tx, profile.code, wallet.wallet_id, livemode=livemode)
            if wallet
            else None
        )
    if provider is None:
        return Holder(profile.code)
    found = verification.ask(tenant_id, provider, lambda one: one.account_name(digits))
    return Holder(profile.code, found.is_active, found.name) if found else Holder(profile.code)


def _shown(
    profile: Profile, wallet: Chosen | None, hour: Hour, now: Found, *, livemode: bool
) -> dict[str, Any]:
    currency = min(profile.currencies, key=lambda one: (one != "ZMW", one))
    return {
        "provider": profile.code,
        "livemode": livemode,
        "prefixes": [_national(one) for one in profile.msisdn_prefixes],
        "currencies": sorted(profile.currencies),
        "kinds": [
            {
                "kind": kind,
                "min_amount": str(Money(profile.min_amount_minor, currency)),
                "max_amount": str(Money(profile.max_amount_minor, currency)),
            }
            for kind in profile.capabilities
        ],
        "wallet_id": wallet.wallet_id if wallet and wallet.wallet_id != DEPLOYMENT else None,
        "wallet_choice": wallet.choice if wallet else None,
        "state": now.state,
        "since": now.since,
        "last_hour": hour,
    }


def _national(prefix: str) -> str:
    """`26096` as people write it; a foreign test prefix as it is."""
    return f"0{prefix.removeprefix(_COUNTRY)}" if prefix.startswith(_COUNTRY) else prefix
