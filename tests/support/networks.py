"""Each network as the conformance suite takes it: an adapter, and what can be known beside it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import requests

from zampay.kernel import sandbox_numbers
from zampay.kernel.money import Money
from zampay.kernel.sandbox_numbers import OURS, PUBLISHED, Ending
from zampay.providers import registry
from zampay.providers.contract import (
    Accepted,
    Order,
    PollAnswer,
    Provider,
    ProviderResult,
    ResultStatus,
    Submission,
)
from zampay.providers.mtn import adapter as mtn_adapter
from zampay.providers.mtn import settings as mtn_settings
from zampay.providers.profile import DEPLOYMENT, Kind
from zampay.providers.sandbox import adapter as sandbox_adapter
from zampay.simulators.mtn.settings import Settings

SANDBOX_SHOWS = set(Ending) - sandbox_numbers.FAILS - sandbox_numbers.REFUSED
"""Endings for which no network needs a code of its own."""
ACCEPTED_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
PAYER = "260963123400"


class NetworkInTest(Protocol):
    """What the suite needs of a network."""

    provider: Provider
    prefix: str
    endings: frozenset[Ending]
    unclear: frozenset[Ending]

    def charges(self, order: Order) -> int:
        """How often the payer's wallet was charged for this order."""


class Remote(NetworkInTest, Protocol):
    """A network that is called over a transport, which can do anything to us."""

    def at(self, base_url: str) -> Provider:
        """The adapter with its network elsewhere."""


class Sandbox:
    """The network inside the process: no transport, no books."""

    def __init__(self, code: str = "MTN") -> None:
        [network] = [one for one in registry.NETWORKS if one.code == code]
        profile = network.profile(None)
        self.provider: Provider = sandbox_adapter.Adapter(profile, network.failure_at)
        self.prefix = profile.msisdn_prefixes[0]
        named = {end for end in Ending if network.failure_at(end) is not None}
        self.endings = frozenset({*named, *SANDBOX_SHOWS})
        self.unclear: frozenset[Ending] = frozenset()

    def charges(self, order: Order) -> int:
        found = self.provider.poll(replace(order, now=order.now + timedelta(minutes=1)))
        return int(isinstance(found, ProviderResult) and found.status is ResultStatus.SUCCESSFUL)


class Simulated:
    """A simulator, and our adapter for it."""

    prefix = "26096"
    endings: frozenset[Ending]
    """What its test numbers can show."""
    unclear: frozenset[Ending] = frozenset()
    """Endings of its test numbers that the network tells nobody."""
    submit, poll = "requesttopay", "poll"
    """What the simulator calls a send and a poll."""
    refused_token: Mapping[str, Any]
    """The fault of an answer to a dead token."""
    provider: Provider

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def admin(self, method: str, path: str, content: Any = None) -> Any:
        url = f"{self.base_url}/_admin/{path}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, json=content, timeout=5)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def faults(self, *faults: dict[str, Any]) -> None:
        self.admin("PUT", "faults", list(faults))

    def journal(self) -> Any:
        return self.admin("GET", "journal")

    def requests(self, operation: str) -> int:
        """How many requests of this operation the network has seen."""
        return sum(one["operation"] == operation for one in self.journal()["requests"])

    def charges(self, order: Order) -> int:
        return int(self.journal()["byReference"].get(order.reference, 0))


class Mtn(Simulated):
    """MTN's simulator, and our adapter for it."""

    endings = frozenset({*PUBLISHED.values(), *OURS.values()})
    refused_token = MappingProxyType({"kind": "status", "status": 401, "body": {}})

    def __init__(self, base_url: str, simulated: Settings) -> None:
        super().__init__(base_url)
        self.simulated = simulated
        self.provider: Provider = self.adapter()

    def adapter(self, **changes: Any) -> mtn_adapter.Adapter:
        given: dict[str, Any] = {
            "base_url": self.base_url,
            "target_environment": self.simulated.environment,
            "subscription_key": self.simulated.subscription_key,
            "api_user": self.simulated.api_user,
            "api_key": self.simulated.api_key,
            "callback_base_url": None,
            "connect_timeout_s": 5.0,
            "read_timeout_s": 10.0,
            "polls_per_s": 1000.0,
            "min_amount_minor": 1,
            "max_amount_minor": 100_000_000,
            "unknown_grace_s": 30.0,
            **changes,
        }
        return mtn_adapter.Adapter(mtn_settings.Settings(**given))

    def at(self, base_url: str) -> Provider:
        return self.adapter(base_url=base_url, read_timeout_s=0.5)

    def charges(self, order: Order) -> int:
        found = super().charges(order)
        assert found == self.journal()["byExternalId"].get(order.transfer_id, 0)
        return found


def an_order(provider: Provider, msisdn: str | None = None, **changes: Any) -> Order:
    """An order of 12.50, just accepted."""
    reference = provider.new_reference(Kind.PAYMENT)
    plain = Order(
        kind=Kind.PAYMENT,
        wallet_id=DEPLOYMENT,
        reference=reference,
        transfer_id=f"pay_{reference[:8]}",
        msisdn=msisdn or f"{provider.profile.msisdn_prefixes[0]}3123400",
        money=Money(1250, "ZMW"),
        payer_message="Order 1",
        payee_note="Order 1",
        callback_token="t" * 40,
        accepted_at=ACCEPTED_AT,
        now=ACCEPTED_AT,
    )
    return replace(plain, **changes)


def until(condition: Callable[[PollAnswer], bool], provider: Provider, order: Order) -> PollAnswer:
    """Ask until the answer is as wanted, a minute passing in the order's time with each look."""
    pause = threading.Event()
    found = provider.poll(order)
    for minutes in range(1, 200):
        if condition(found):
            return found
        pause.wait(0.01)
        found = provider.poll(replace(order, now=order.now + timedelta(minutes=minutes)))
    raise AssertionError(f"still {found}")


def outcome(provider: Provider, order: Order, answer: Submission) -> PollAnswer:
    """How a payment ends that the network has taken: it says so at once where its call lasts until
    the customer has answered, or when it is polled.
    """
    if isinstance(answer, Accepted) and answer.result is not None:
        return answer.result
    return until(is_final, provider, order)


def is_final(found: PollAnswer) -> bool:
    """Whether the network has named the end."""
    return isinstance(found, ProviderResult) and found.status is not ResultStatus.PENDING
