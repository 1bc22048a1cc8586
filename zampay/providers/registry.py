"""The networks, one line each, and who serves a payment: the network, or the sandbox for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from zampay.infra.telemetry import metrics
from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.airtel import adapter as airtel
from zampay.providers.airtel import mapping as airtel_mapping
from zampay.providers.airtel import settings as airtel_settings
from zampay.providers.contract import Provider
from zampay.providers.credentials import MerchantWallets
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.mtn import adapter as mtn
from zampay.providers.mtn import mapping as mtn_mapping
from zampay.providers.mtn import settings as mtn_settings
from zampay.providers.profile import DEPLOYMENT, Capability, Kind, Profile
from zampay.providers.sandbox import adapter as sandbox_adapter
from zampay.providers.zamtel import adapter as zamtel
from zampay.providers.zamtel import mapping as zamtel_mapping
from zampay.providers.zamtel import settings as zamtel_settings


@dataclass(frozen=True, slots=True)
class Network:
    """How a network is read from the environment and made, for the deployment's wallet and for
    merchants' own.

    `secrets` are its variables that nobody may read; `failure_at` is its own word for the ending of
    a test number, None for an ending that it does not know.
    """

    code: str
    read_settings: Callable[..., Any]
    profile: Callable[[Any], Profile]
    adapter: Callable[[Any], Provider]
    failure_at: Callable[[Ending], Failure | None]
    secrets: frozenset[str]
    merchant_wallets: MerchantWallets


NETWORKS = (
    Network(
        mtn.CODE,
        mtn_settings.read,
        mtn.profile,
        mtn.Adapter,
        mtn_mapping.failure_at,
        mtn_settings.SECRETS,
        mtn_settings.MERCHANT_WALLETS,
    ),
    Network(
        airtel.CODE,
        airtel_settings.read,
        airtel.profile,
        airtel.Adapter,
        airtel_mapping.failure_at,
        airtel_settings.SECRETS,
        airtel_settings.MERCHANT_WALLETS,
    ),
    Network(
        zamtel.CODE,
        zamtel_settings.read,
        zamtel.profile,
        zamtel.Adapter,
        zamtel_mapping.failure_at,
        zamtel_settings.SECRETS,
        zamtel_settings.MERCHANT_WALLETS,
    ),
)
IN_EXAMPLES = NETWORKS[0].code
"""The network that the examples of the API document name."""


def read_settings(env: Any, *, strict: bool) -> dict[str, Any]:
    """Every network's settings by its code; None for one that is not configured. `strict` asks of
    what is given all that production needs.
    """
    return {network.code: network.read_settings(env, strict=strict) for network in NETWORKS}


@dataclass(frozen=True, slots=True)
class Reachable:
    """A network that this deployment knows the address of, whether or not it has a wallet there.
    `provider` stands for the network where no wallet is concerned.
    """

    provider: Provider
    merchant_wallets: MerchantWallets
    make: Callable[[Mapping[str, str], str], Provider]
    """An adapter for a merchant's wallet, by its credentials and its callback token."""

    @classmethod
    def by(cls, network: Network, settings: Any) -> "Reachable":
        """As the settings say."""

        def make(credentials: Mapping[str, str], callback_token: str) -> Provider:
            own = network.merchant_wallets.settings(settings, credentials, callback_token)
            return network.adapter(own)

        return cls(network.adapter(settings), network.merchant_wallets, make)


def init(app: Flask, settings: Mapping[str, Any]) -> None:
    """Make the adapters of the deployment's wallets, and a sandbox for each network."""
    live: dict[str, Provider] = {}
    tests: dict[str, Provider] = {}
    networks: dict[str, Reachable] = {}
    for network in NETWORKS:
        found = settings[network.code]
        tests[network.code] = sandbox_adapter.Adapter(network.profile(found), network.failure_at)
        if found is None:
            continue
        networks[network.code] = Reachable.by(network, found)
        _begin_counting(network.code)
        if found.has_wallet:
            live[network.code] = networks[network.code].provider
    app.extensions["providers"] = {True: live, False: tests}
    app.extensions["networks"] = networks


def _begin_counting(code: str) -> None:
    """Show every failure code from the start: Prometheus does not see a first count that appears
    out of nothing.
    """
    metrics.start_at_zero(metrics.FAILURES, [code], FailureCode, ["true"])
    metrics.start_at_zero(metrics.WALLET_REFUSED, [code], [DEPLOYMENT])


def served(*, livemode: bool) -> Mapping[str, Provider]:
    """The deployment's own wallets by their network's code; in test mode the sandboxes."""
    found: Mapping[str, Provider] = current_app.extensions["providers"][livemode]
    return found


def reachable() -> Mapping[str, Reachable]:
    """Every network in which a live wallet can be, by code."""
    found: Mapping[str, Reachable] = current_app.extensions["networks"]
    return found


def networks(*, livemode: bool) -> Mapping[str, Provider]:
    """Every network that takes payments in this mode, by code, where no wallet is concerned: what
    it takes, its references, its callbacks.
    """
    own = served(livemode=livemode)
    return {**{code: one.provider for code, one in reachable().items()}, **own} if livemode else own


def called_back(name: str) -> Provider | None:
    """The network that a callback's path names, in lower case. One that is not configured has its
    sandbox, so that what was sent before is still found.
    """
    both = {**networks(livemode=False), **networks(livemode=True)}
    return next((one for code, one in both.items() if code.lower() == name), None)


def capability(code: str, kind: str, *, livemode: bool) -> Capability:
    """What may be done with this kind at the network; of one that is not served, what is usual."""
    served_here = networks(livemode=livemode).get(code)
    found = served_here.profile.capabilities.get(Kind(kind)) if served_here else None
    return found or Capability()
