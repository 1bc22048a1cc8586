"""One suite for every network: whoever wants to be called by payments passes it."""

from itertools import pairwise

import pytest

from tests.infra.sockets import (
    Behaviour,
    answers,
    hangs_up,
    keeps_silent,
    never_stops,
    resets,
    says,
    serving,
)
from tests.support.networks import (
    NetworkInTest,
    Remote,
    Sandbox,
    an_order,
    is_final,
    outcome,
    until,
)
from zampay.kernel import clock, money
from zampay.kernel.sandbox_numbers import OURS, PUBLISHED, Ending
from zampay.providers import registry
from zampay.providers.contract import (
    Accepted,
    Declined,
    InDoubt,
    NoAnswer,
    NotFound,
    NotSent,
    ProviderResult,
    ResultStatus,
    Throttled,
    TooLate,
)
from zampay.providers.failures import FailureCode
from zampay.providers.profile import Kind

SIMULATED = tuple(network.code.lower() for network in registry.NETWORKS)
"""A fixture of each network, by its name."""
IN_TEST = (*(f"sandbox of {name}" for name in SIMULATED), *SIMULATED)
CODES = {
    Ending.FAILED: FailureCode.UNSPECIFIED,
    Ending.REJECTED: FailureCode.PAYER_DECLINED,
    Ending.EXPIRED: FailureCode.APPROVAL_TIMEOUT,
    Ending.PAYER_NOT_FOUND: FailureCode.PAYER_NOT_FOUND,
    Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE: FailureCode.PAYER_NOT_ALLOWED,
    Ending.NOT_ALLOWED: FailureCode.PAYER_NOT_ALLOWED,
    Ending.INTERNAL_PROCESSING_ERROR: FailureCode.UNSPECIFIED,
    Ending.COULD_NOT_PERFORM_TRANSACTION: FailureCode.APPROVAL_TIMEOUT,
    Ending.TRANSFER_TYPE_UNKNOWN: FailureCode.UNSPECIFIED,
    Ending.NOT_ENOUGH_FUNDS: FailureCode.INSUFFICIENT_FUNDS,
    Ending.PAYER_LIMIT_REACHED: FailureCode.LIMIT_EXCEEDED,
    Ending.NOT_ALLOWED_TARGET_ENVIRONMENT: FailureCode.PROVIDER_REJECTED,
    Ending.INVALID_CALLBACK_URL_HOST: FailureCode.PROVIDER_REJECTED,
    Ending.INVALID_CURRENCY: FailureCode.PROVIDER_REJECTED,
}
OTHERWISE = {
    ("AIRTEL", Ending.PAYEE_NOT_ALLOWED_TO_RECEIVE): FailureCode.PROVIDER_REJECTED,
}
"""Where a network has another code for an ending."""
PAYS = (
    Ending.DELAYED,
    Ending.ANSWER_LOST_AFTER_CHARGE,
    Ending.RESET_BEFORE_STORING,
    Ending.ERROR_AFTER_CHARGE,
)
SUFFIXES = {end: suffix for suffix, end in {**PUBLISHED, **OURS}.items()}
HOSTILE = {
    "reset": resets,
    "hung up": hangs_up,
    "silence": keeps_silent,
    "no end": never_stops,
    "zeros": says(b"\x00" * 70000),
    "half an answer": says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "empty": answers(b""),
    "HTML": answers(b"<html>Request Rejected. Support ID: 1</html>"),
    "broken JSON": answers(b'{"status":"FAILED'),
    "deep JSON": answers(b"[" * 30000),
    "long number": answers(b'{"access_token":"t","expires_in":' + b"9" * 5000 + b"}"),
    "a token for no time": answers(b'{"access_token":"t","expires_in":"soon"}'),
    "a token for ever": answers(b'{"access_token":"t","expires_in":1e999}'),
    "a token that is none": answers('{"access_token":"→\\r\\nA: b","expires_in":9}'.encode()),
    "a list": answers(b"[]"),
    "not UTF-8": answers(b"\xff\xfe{}"),
    "server error": answers(b"", "500 Internal Server Error"),
    "bad gateway": answers(b"<html>", "502 Bad Gateway"),
    "unavailable": answers(b"", "503 Service Unavailable", "Retry-After: never"),
    "teapot": answers(b"{}", "418 I'm a teapot"),
    "redirect": answers(b"", "302 Found", "Location: http://127.0.0.1:1/"),
}


@pytest.fixture(params=IN_TEST)
def tested(request: pytest.FixtureRequest) -> NetworkInTest:
    name = request.param
    if name.startswith("sandbox of "):
        return Sandbox(name.rpartition(" ")[2].upper())
    found: NetworkInTest = request.getfixturevalue(name)
    return found


def number(tested: NetworkInTest, end: Ending) -> str:
    """The test number of an ending; the test is left out where the network does not know it."""
    if end not in tested.endings:
        pytest.skip(f"{tested.provider.profile.code} has no code for it")
    return f"{tested.prefix}31234{SUFFIXES[end]}"


def expected(tested: NetworkInTest, end: Ending) -> FailureCode:
    """The failure of an ending: every network's, unless this one has another code for it."""
    code = tested.provider.profile.code
    return OTHERWISE.get((code, end), CODES[end])


def test_the_profile_says_what_payments_need_to_know(tested: NetworkInTest) -> None:
    profile = tested.provider.profile
    assert profile.code == profile.code.upper()
    assert profile.msisdn_prefixes
    assert profile.currencies <= set(money.EXPONENTS)
    assert 0 < profile.min_amount_minor < profile.max_amount_minor
    assert profile.capabilities
    for able in profile.capabilities.values():
        assert able.unknown_grace.total_seconds() > 0
        after_the_first = able.poll_schedule[1:]  # which may wait for the payer's answer
        assert all(earlier <= later for earlier, later in pairwise(after_the_first))


def test_references_are_never_given_twice(tested: NetworkInTest) -> None:
    assert len({tested.provider.new_reference(Kind.PAYMENT) for _ in range(1000)}) == 1000


def test_the_same_reference_twice_is_one_charge(tested: NetworkInTest) -> None:
    if not tested.provider.profile.capabilities[Kind.PAYMENT].resend_is_safe:
        pytest.skip("nothing is sent twice")
    order = an_order(tested.provider)
    assert isinstance(tested.provider.submit(order), Accepted)
    assert isinstance(tested.provider.submit(order), Accepted)
    until(is_final, tested.provider, order)
    assert isinstance(tested.provider.submit(order), Accepted)
    assert tested.charges(order) == 1


def test_an_order_whose_time_is_over_is_not_sent(tested: NetworkInTest) -> None:
    order = an_order(tested.provider, send_until_s=clock.monotonic_s() - 0.001)
    assert isinstance(tested.provider.submit(order), TooLate)
    if not isinstance(tested, Sandbox):
        assert tested.charges(order) == 0


def test_a_report_brings_the_figures_back(tested: NetworkInTest) -> None:
    order = an_order(tested.provider)
    found = outcome(tested.provider, order, tested.provider.submit(order))
    assert isinstance(found, ProviderResult)
    assert order.money.equals(found.amount or "12.50", found.currency or "ZMW")
    assert found.transfer_id in {None, order.transfer_id}
    assert found.provider_transaction_id


@pytest.mark.parametrize("end", CODES, ids=lambda one: one.name)
def test_a_number_that_fails_fails_as_the_table_says_and_nobody_pays(
    tested: NetworkInTest, end: Ending
) -> None:
    order = an_order(tested.provider, number(tested, end))
    answer = tested.provider.submit(order)
    if isinstance(answer, Declined):
        failure = answer.failure
    elif isinstance(answer, InDoubt):
        assert answer.presumed is not None
        assert isinstance(tested.provider.poll(order), NotFound)
        failure = answer.presumed
    else:
        found = outcome(tested.provider, order, answer)
        assert isinstance(found, ProviderResult)
        assert found.failure is not None
        failure = found.failure
    assert failure.code == expected(tested, end)
    assert failure.provider_code
    assert tested.charges(order) == 0


@pytest.mark.parametrize("end", [None, *PAYS], ids=str)
def test_a_number_that_pays_pays_once_whatever_becomes_of_the_answer(
    tested: NetworkInTest, end: Ending | None
) -> None:
    order = an_order(tested.provider, number(tested, end) if end else None)
    answer = tested.provider.submit(order)
    assert isinstance(answer, Accepted if end in {None, Ending.DELAYED} else InDoubt)
    if isinstance(tested.provider.poll(order), NotFound):
        assert isinstance(tested.provider.submit(order), Accepted)
    found = outcome(tested.provider, order, answer)
    assert isinstance(found, ProviderResult)
    assert found.status is ResultStatus.SUCCESSFUL
    assert tested.charges(order) == 1


def test_a_number_that_never_answers_stays_pending(tested: NetworkInTest) -> None:
    order = an_order(tested.provider, number(tested, Ending.ONGOING))
    tested.provider.submit(order)
    found = [tested.provider.poll(order) for _ in range(3)]
    assert all(
        isinstance(one, ProviderResult) and one.status is ResultStatus.PENDING for one in found
    )


def test_a_network_that_is_unavailable_says_so_and_nobody_pays(tested: NetworkInTest) -> None:
    order = an_order(tested.provider, number(tested, Ending.SERVICE_UNAVAILABLE))
    answer = tested.provider.submit(order)
    assert isinstance(answer, InDoubt | NotSent | Throttled | Declined)
    assert isinstance(tested.provider.poll(order), NotFound)
    assert tested.charges(order) == 0


@pytest.fixture(params=SIMULATED)
def remote(request: pytest.FixtureRequest) -> Remote:
    found: Remote = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("behaviour", HOSTILE.values(), ids=HOSTILE)
def test_whatever_the_transport_does_nothing_raises_and_nothing_is_concluded(
    remote: Remote, behaviour: Behaviour
) -> None:
    with serving(behaviour) as server:
        provider = remote.at(server.url)
        order = an_order(provider)
        assert isinstance(provider.submit(order), InDoubt | NotSent | Throttled)
        assert isinstance(provider.poll(order), NoAnswer | Throttled)


@pytest.mark.parametrize("behaviour", HOSTILE.values(), ids=HOSTILE)
def test_once_logged_in_whatever_the_transport_does_leaves_doubt(
    remote: Remote, behaviour: Behaviour
) -> None:
    remote.provider.submit(an_order(remote.provider))
    with serving(behaviour) as server:
        provider = remote.at(server.url)
        order = an_order(provider)
        assert isinstance(provider.submit(order), InDoubt)
        assert isinstance(provider.poll(order), NoAnswer)


def test_nobody_there_means_nothing_was_sent(remote: Remote) -> None:
    provider = remote.at("http://127.0.0.1:1")
    order = an_order(provider)
    assert isinstance(provider.submit(order), NotSent)
    assert isinstance(provider.poll(order), NoAnswer)
