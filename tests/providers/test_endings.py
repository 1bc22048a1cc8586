"""One table of test numbers: the sandbox ends a payment as a simulated network does."""

from typing import Any

import pytest

from tests.support.networks import (
    NetworkInTest,
    Sandbox,
    an_order,
    outcome,
)
from zampay.kernel.sandbox_numbers import OURS, PUBLISHED, Ending
from zampay.providers import registry
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NotFound,
    Provider,
    ProviderResult,
    ResultStatus,
)
from zampay.providers.failures import Failure

LOST = {"72", "73", "74"}
"""Numbers whose first answer is lost; the conformance suite says what becomes of them."""


def told(failure: Failure) -> tuple[Any, ...]:
    """What a merchant reads of a failure."""
    return failure.code, failure.provider_code, failure.message, failure.retry


def ending(provider: Provider, suffix: str) -> tuple[Any, ...]:
    """How a payment of that number ends: what the books take over from the network."""
    order = an_order(provider, f"{provider.profile.msisdn_prefixes[0]}31234{suffix}")
    answer = provider.submit(order)
    if isinstance(answer, Declined):
        return told(answer.failure)
    if isinstance(answer, InDoubt):
        assert isinstance(provider.poll(order), NotFound)
        return told(answer.presumed) if answer.presumed else ("to be sent again",)
    assert isinstance(answer, Accepted)
    if suffix == "53":
        found = provider.poll(order)
        assert isinstance(found, ProviderResult)
        return (found.status,)
    found = outcome(provider, order, answer)
    assert isinstance(found, ProviderResult)
    if found.failure is not None:
        return told(found.failure)
    figures = found.amount is None or order.money.equals(found.amount, found.currency or "")
    return (found.status, figures)


@pytest.fixture(params=[network.code.lower() for network in registry.NETWORKS])
def simulated(request: pytest.FixtureRequest) -> NetworkInTest:
    found: NetworkInTest = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("suffix", ["00", *sorted({*PUBLISHED, *OURS} - LOST)])
def test_a_number_ends_alike_in_the_sandbox_and_on_the_simulator(
    simulated: NetworkInTest, suffix: str
) -> None:
    """The sandbox lets the figures differ everywhere, so that merchants see what comes of it."""
    end = {**PUBLISHED, **OURS}.get(suffix)
    if end is Ending.FIGURES_DIFFER or end in simulated.unclear:
        return
    sandbox = Sandbox(simulated.provider.profile.code)
    assert ending(sandbox.provider, suffix) == ending(simulated.provider, suffix)


def test_one_number_pays_another_amount_than_was_asked_for(mtn: Any) -> None:
    expected = (ResultStatus.SUCCESSFUL, False)
    assert [ending(one.provider, "75") for one in (Sandbox(), mtn)] == [expected] * 2


def test_a_refusal_has_the_words_of_the_network() -> None:
    assert ending(Sandbox().provider, "51")[1] == "APPROVAL_REJECTED"
    assert ending(Sandbox("AIRTEL").provider, "51")[1] == "DP00800001008"
    assert ending(Sandbox("ZAMTEL").provider, "51")[1] == "E8003"


def test_the_sandbox_says_when_asking_again_is_worth_while() -> None:
    provider = Sandbox().provider
    found = provider.poll(an_order(provider, "260963123454"))
    assert isinstance(found, ProviderResult)
    assert found.poll_after is not None
    assert found.poll_after.total_seconds() == 20
