"""The networks, one line each, and who serves a payment: the network, or the sandbox for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from zampay.infra.telemetry import metrics
from zampay.kernel.sandbox_numbers import Ending
from zampay.providers.contract import Provider
from zampay.providers.failures import Failure, FailureCode
from zampay.providers.mtn import adapter as mtn
from zampay.providers.mtn import mapping as mtn_mapping
from zampay.providers.mtn import settings as mtn_settings
from zampay.providers.profile import Capability, Kind, Profile
from zampay.providers.sandbox import adapter as sandbox_adapter


@dataclass(frozen=True, slots=True)
class Network:
    """How a network is read from the environment and made.

    `secrets` are its variables that nobody may read; `failure_at` is its own word for the ending of
    a test number, None for an ending that it does not know.
    """

    code: str
    read_settings: Callable[..., Any]
    profile: Callable[[Any], Profile]
    adapter: Callable[[Any], Provider]
    failure_at: Callable[[Ending], Failure | None]
    secrets: frozenset[str]


NETWORKS = (
    Network(
        mtn.CODE,
        mtn_settings.read,
        mtn.profile,
        mtn.Adapter,
        mtn_mapping.failure_at,
        mtn_settings.SECRETS,
    ),
)
IN_EXAMPLES = NETWORKS[0].code
"""The network that the examples of the API document name."""


def read_settings(env: Any, *, required: bool) -> dict[str, Any]:
    """Every network's settings by its code; None for one that is not configured."""
    return {network.code: network.read_settings(env, required=required) for network in NETWORKS}


def init(app: Flask, settings: Mapping[str, Any]) -> None:
    """Make the adapters of the configured networks, and a sandbox for each network."""
    live: dict[str, Provider] = {}
    tests: dict[str, Provider] = {}
    for network in NETWORKS:
        found = settings[network.code]
        tests[network.code] = sandbox_adapter.Adapter(network.profile(found), network.failure_at)
        if found is not None:
            live[network.code] = network.adapter(found)
            _begin_counting(network.code)
    app.extensions["providers"] = {True: live, False: tests}


def _begin_counting(code: str) -> None:
    """Show every failure code from the start: Prometheus does not see a first count that appears
    out of nothing.
    """
    metrics.start_at_zero(metrics.FAILURES, [code], FailureCode, ["true"])


def provider(code: str, *, livemode: bool) -> Provider:
    """The network `code`, or its sandbox.

    Raises:
        KeyError: the network is not served here.
    """
    return served(livemode=livemode)[code]


def served(*, livemode: bool) -> Mapping[str, Provider]:
    """Every network that takes payments in this mode, by code."""
    found: Mapping[str, Provider] = current_app.extensions["providers"][livemode]
    return found


def called_back(name: str) -> Provider | None:
    """The network that a callback's path names, in lower case. One that is not configured has its
    sandbox, so that what was sent before is still found.
    """
    both = {**served(livemode=False), **served(livemode=True)}
    return next((one for code, one in both.items() if code.lower() == name), None)


def capability(code: str, kind: str, *, livemode: bool) -> Capability:
    """What may be done with this kind at the network; of one that is not served, what is usual."""
    served_here = served(livemode=livemode).get(code)
    found = served_here.profile.capabilities.get(Kind(kind)) if served_here else None
    return found or Capability()
