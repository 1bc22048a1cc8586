"""A full journey through real processes: what their logs tell, and what they never hold."""

import re
from dataclasses import dataclass, field

import pytest
import requests

from dev.environment import DevError, await_condition
from dev.servers import credentials_of
from dev.stack import Stack
from tests.journeys.shop import FINAL, Shop
from zampay.providers import registry

pytestmark = pytest.mark.long

ENDINGS = ["260963123400", "260963123451", "260963123455", "260963123470", "260963123472"]
ENDINGS += ["260953123400", "260953123470"]
SENDS = re.compile(r"operation=(request_to_pay|payment)\b")
TRACE = "trace-whole-journey"
BODIES = ["for the wedding of Mutale", "cart-of-Mutale", "Mutale Stores", "owner@example.com"]
FULL_NUMBER = re.compile(r"(?<![0-9A-Za-z])(260\d{9}|0[579]\d{8})(?![0-9A-Za-z])")


@dataclass
class Journey:
    """What was done, and the logs of the gateway's processes after it."""

    payment_ids: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    log: str = ""

    def lines(self, *words: str) -> list[str]:
        """The lines that hold all these words."""
        return [line for line in self.log.splitlines() if all(word in line for word in words)]


@pytest.fixture(scope="module")
def journey(stack: Stack, session: requests.Session) -> Journey:
    """Every kind of request with every kind of secret, and payments that end differently."""
    made = Journey()
    shop = Shop.open(session, stack.url, "Mutale Stores")
    live = shop.live()
    made.secrets += [shop.key, live.key]
    hook = {"url": "http://127.0.0.1:9/hooks", "headers": {"X-Shop": "opensesame"}}
    made.secrets += [live.ask("POST", "/webhook-endpoints", hook).json()["secret"], "opensesame"]
    for msisdn in ENDINGS:
        wishes = {"payerMessage": BODIES[0], "metadata": {"cart": BODIES[1]}}
        order = {**live.order(msisdn), **wishes}
        accepted = live.ask("POST", "/payments", order, **{"X-Request-Id": TRACE})
        assert accepted.status_code == 202, accepted.text
        made.payment_ids.append(accepted.json()["id"])
    _mistakes(session, stack, live)
    await_condition(
        lambda: all(live.payment(one)["status"] in FINAL for one in made.payment_ids),
        timeout_s=60,
        wanted="the ends of all payments",
    )
    _operate(stack, made)
    made.secrets += _secrets_of(stack)
    logs = [stack.process(name).log for name in ("web", "worker", "beat")]
    logs += [stack.directory / "logs" / "zampay.log"]
    made.log = "\n".join(log.read_text(encoding="utf-8") for log in logs)
    return made


def _mistakes(session: requests.Session, stack: Stack, live: Shop) -> None:
    """What merchants and strangers get wrong, each with something that must not be repeated."""
    live.ask("POST", "/payments", {**live.order("0963123400"), "amount": "1.005"})
    live.ask("GET", "/payments/0963123400")
    live.ask("GET", "/payments?externalId=0963123400&nonsense=260963123400")
    live.ask("POST", f"/payments/{'pay_' + '0' * 26}/cancel")
    session.get(f"{stack.url}/260963123400?key={live.key}", timeout=5)
    broken = {"Authorization": f"Bearer {live.key}x", "x-tenant-id": live.tenant_id}
    session.get(f"{stack.url}/api/v1/payments", headers=broken, timeout=5)
    session.put(f"{stack.url}/api/v1/callbacks/mtn/{'0' * 40}", data=b"opensesame", timeout=5)


def _operate(stack: Stack, made: Journey) -> None:
    for arguments in (("doctor",), ("tenant", "list"), ("payment", "show", made.payment_ids[0])):
        try:
            output = stack.zampay(*arguments)
        except DevError as error:  # the doctor may find fault; what it says is in the log
            output = str(error)
        assert "Traceback" not in output


def network_keys(stack: Stack) -> list[str]:
    named = frozenset[str]().union(*(network.secrets for network in registry.NETWORKS))
    return [stack.environment[name] for name in named if name in stack.environment]


def _secrets_of(stack: Stack) -> list[str]:
    """What the processes were given, and the passwords inside their URLs."""
    mine = credentials_of(stack.directory)
    urls = (stack.environment["DATABASE_URL"], stack.environment["REDIS_URL"])
    passwords = [re.search(r":([^:@/]+)@", url) for url in urls]
    given = [mine.secret_key, *network_keys(stack)]
    return [*given, stack.environment["METRICS_TOKEN"], *[one[1] for one in passwords if one]]


def test_no_secret_is_in_any_line(journey: Journey) -> None:
    assert len(journey.secrets) >= 9
    for secret in journey.secrets:
        bare = secret.removeprefix("zp_live_").removeprefix("zp_test_").removeprefix("whsec_")
        assert bare not in journey.log
    assert "Bearer " not in journey.log.replace("Bearer •••", "")
    assert not re.search(r"/callbacks/mtn/[0-9a-z]{6}", journey.log)


def test_no_full_number_and_no_body_is_in_any_line(journey: Journey) -> None:
    assert FULL_NUMBER.findall(journey.log.replace("\n", " ")) == []
    for text in BODIES[:2]:
        assert text not in journey.log
    about_merchants = journey.lines(BODIES[2]) + journey.lines(BODIES[3])
    assert [line for line in about_merchants if not _is_an_answer_to_the_operator(line)] == []


def _is_an_answer_to_the_operator(line: str) -> bool:
    """A line of `tenant list` or of `payment show`, which tell operators who a merchant is."""
    return line.startswith("ten_") or line == f"  {BODIES[2]}, {BODIES[3]}"


def test_the_id_of_a_request_is_beside_each_step_that_it_caused(journey: Journey) -> None:
    for payment_id in journey.payment_ids:
        (accepted,) = journey.lines(" request ", payment_id, "POST", TRACE)
        assert "status=202" in accepted
        assert journey.lines("transition", payment_id, TRACE, "target=SUBMITTING")
        assert SENDS.search("".join(journey.lines("provider_call", payment_id, TRACE)))


def test_each_call_to_the_network_is_a_line_with_outcome_and_duration(journey: Journey) -> None:
    for operation in ("token", "request_to_pay", "enquiry"):
        for line in journey.lines("provider_call", f"operation={operation}"):
            assert re.search(r"outcome=\S+", line)
            assert re.search(r"duration_ms=[\d.]+", line)
            assert "provider=mtn" in line
    assert journey.lines("provider_call", "outcome=202")
    assert journey.lines("provider_call", "outcome=no_reply")


def test_every_transition_is_a_line(journey: Journey) -> None:
    for payment_id in journey.payment_ids:
        moves = journey.lines("transition", payment_id)
        assert any("source=PENDING" in line for line in moves)
        assert any(re.search("target=(SUCCESSFUL|FAILED)", line) for line in moves)


def test_attempts_at_webhooks_are_lines_without_the_address(journey: Journey) -> None:
    assert journey.lines("webhook_attempt", "outcome=no_answer")
    assert "127.0.0.1:9" not in "".join(journey.lines("webhook_attempt"))


def test_nothing_unexpected_happened(journey: Journey) -> None:
    assert "Traceback" not in journey.log
    assert journey.lines("unexpected_error") == []
