"""The merchant's kit as real processes: both example receivers, and `zampay listen`."""

import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from standardwebhooks import Webhook

from dev.environment import ROOT, free_port
from dev.stack import ZAMPAY
from dev.supervisor import Process
from tests.journeys.gateway import Gateway
from tests.journeys.shop import Shop
from tests.support.receiver import Receiver, receiver
from zampay.kernel import signing

EXAMPLES = ROOT / "examples"
RECEIVERS = {
    "flask": [sys.executable, str(EXAMPLES / "receiver_flask" / "app.py")],
    "node": ["node", str(EXAMPLES / "receiver_node" / "server.mjs")],
}


def account(gateway: Gateway, shop: Shop) -> Mapping[str, str]:
    return {
        **gateway.stack.environment,
        "ZAMPAY_URL": gateway.stack.url,
        "ZAMPAY_API_KEY": shop.key,
        "ZAMPAY_TENANT_ID": shop.tenant_id,
    }


class Example:
    """One of the receivers in `examples/`, as a merchant runs it."""

    def __init__(self, gateway: Gateway, shop: Shop, kind: str, directory: Path) -> None:
        self.secret = signing.new_secret()
        self._gateway, self._shop, self._kind, self._directory = gateway, shop, kind, directory
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/hooks"

    @contextmanager
    def running(self) -> Iterator[None]:
        environment = {
            **account(self._gateway, self._shop),
            "WEBHOOK_SECRET": self.secret,
            "PORT": str(self._port),
            "DATABASE": str(self._directory / "events.sqlite"),
            "EVENTS_FILE": str(self._directory / "events.jsonl"),
        }
        with Process(
            self._kind, RECEIVERS[self._kind], self._directory, environment=environment
        ) as process:
            process.await_ready(self._answers, wanted=f"the {self._kind} receiver")
            yield

    def _answers(self) -> bool:
        try:
            return self.received() is not None
        except requests.ConnectionError:
            return False

    def received(self) -> list[int]:
        url = self.url.replace("/hooks", "/received")
        found: list[int] = self._gateway.session.get(url, timeout=10).json()
        return found

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        return self._gateway.session.post(
            self.url, data=body, headers=dict(headers), timeout=10
        ).status_code


@pytest.fixture(params=RECEIVERS)
def kind(request: pytest.FixtureRequest) -> str:
    assert shutil.which("node"), "Node 18 or newer is needed on the PATH: https://nodejs.org"
    name: str = request.param
    return name


@pytest.fixture
def shop(gateway: Gateway) -> Shop:
    """A merchant of this journey's own."""
    return gateway.shop()


@pytest.fixture
def example(gateway: Gateway, shop: Shop, kind: str, tmp_path: Path) -> Example:
    return Example(gateway, shop, kind, tmp_path)


def pay(gateway: Gateway, shop: Shop, payer: str) -> None:
    gateway.assert_paid_once(shop, shop.pay(payer)["id"])


def lose_deliveries(gateway: Gateway, shop: Shop) -> None:
    """Give up what is still owed to a shop, as after days of failure."""
    with psycopg.connect(gateway.machine.servers.database_url) as link:
        link.execute("SELECT set_config('zampay.tenant_id', %s, true)", [shop.tenant_id])
        link.execute("UPDATE webhook_deliveries SET status = 'EXHAUSTED', due_at = NULL")


def test_an_example_hears_everything_and_fetches_what_it_missed(
    gateway: Gateway, shop: Shop, example: Example, payer: str
) -> None:
    made = shop.ask("POST", "/webhook-endpoints", {"url": example.url}).json()
    example.secret = made["secret"]
    with example.running():
        tried = shop.ask("POST", f"/webhook-endpoints/{made['id']}/test").json()
        assert tried["delivered"], tried
        pay(gateway, shop, payer)
        gateway.until(lambda: example.received() == [1, 2], "the first payment")
    pay(gateway, shop, payer)
    lose_deliveries(gateway, shop)
    with example.running():
        assert example.received() == [1, 2]
        pay(gateway, shop, payer)
        gateway.until(lambda: example.received() == [1, 2, 3, 4, 5, 6], "what was missed")


def test_an_example_takes_only_what_is_signed_and_fresh_and_each_event_once(
    example: Example,
) -> None:
    body = b'{"id":"evt_1","type":"payment.failed","sequence":7,"data":{"note":"\xc3\xa9"}}'
    now = datetime.now(UTC)

    def signed(at: datetime = now, secret: str = example.secret) -> dict[str, str]:
        return signing.signed_headers(
            body.decode(), message_id="evt_1", at=at, signing_secrets=[secret]
        )

    good = signed()
    other = Webhook(signing.new_secret()).sign("evt_1", now, body.decode())
    both = good | {"webhook-signature": f"{other} {good['webhook-signature']}"}
    forged: list[tuple[bytes, dict[str, str]]] = [
        (body, {}),
        (body, signed(secret=signing.new_secret())),
        (body, signed(at=now - timedelta(minutes=6))),
        (body, signed(at=now + timedelta(minutes=6))),
        (body, good | {"webhook-id": "evt_2"}),
        (body, good | {"webhook-signature": ""}),
        (body, good | {"webhook-signature": good["webhook-signature"][:-4]}),
        (body, good | {"webhook-timestamp": "soon"}),
        (body, good | {"webhook-timestamp": "\u00b2"}),
        (body, good | {"webhook-timestamp": "9" * 5000}),
        (body, good | {"webhook-signature": "v1,\u00e9"}),
        (body.replace(b"failed", b"successful"), good),
    ]
    with example.running():
        assert [example.post(*one) for one in forged] == [401] * len(forged)
        assert example.received() == []
        assert [example.post(body, one) for one in (good, both, good)] == [204] * 3
        assert example.received() == [7]


Listening = Callable[..., Process]


@pytest.fixture
def listening(gateway: Gateway, shop: Shop, tmp_path: Path) -> Iterator[Listening]:
    """`zampay listen …` for the shop, stopped in the end."""
    started: list[Process] = []

    def start(*options: str, **environment: str) -> Process:
        command = [*ZAMPAY, "listen", *options]
        process = Process(
            f"listen-{len(started)}",
            command,
            tmp_path,
            environment={**account(gateway, shop), **environment},
            stop_signal=signal.SIGINT,
        )
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def local_receiver() -> Iterator[Receiver]:
    with receiver() as started:
        yield started


def verified(local: Receiver, process: Process) -> list[Any]:
    """The events that arrived, once their signatures were found good."""
    secret = process.await_log(r"signed with (whsec_\S+)")[1]
    return [received.verified(secret) for received in local.received]


@pytest.mark.long
def test_listen_forwards_from_now_on_through_a_restart_of_the_gateway(
    gateway: Gateway, shop: Shop, payer: str, listening: Listening, local_receiver: Receiver
) -> None:
    pay(gateway, shop, payer)
    process = listening("--forward-to", local_receiver.url)
    process.await_log(r"listening from event #3 on")
    pay(gateway, shop, payer)
    local_receiver.await_received(2)
    gateway.stack.kill("web")
    process.await_log(r"the gateway is away \(\w+\); waiting")
    gateway.stack.start("web")
    process.await_log(r"the gateway is back")
    pay(gateway, shop, payer)
    local_receiver.await_received(4)
    events = verified(local_receiver, process)
    assert [event["sequence"] for event in events] == [3, 4, 5, 6]
    assert events == shop.ask("GET", "/events?after=2").json()["data"]
    process.await_log(r"#6 payment\.successful pay_\w+ -> 200")
    process.stop()
    assert process.status == 0
    assert "Traceback" not in process.output()


def test_listen_brings_the_past_from_a_number_on_and_shows_what_the_receiver_said(
    gateway: Gateway, shop: Shop, payer: str, listening: Listening
) -> None:
    pay(gateway, shop, payer)
    pay(gateway, shop, payer)
    printing = listening("--from", "2")
    printing.await_log(r"#4 payment\.successful")
    numbers = [line.split("#")[1][0] for line in printing.output().splitlines() if "#" in line]
    assert numbers == ["2", "3", "4"]
    nobody = listening("--from", "4", "--forward-to", f"http://127.0.0.1:{free_port()}/")
    nobody.await_log(r"#4 payment\.successful pay_\w+ -> ConnectionError")


def test_listen_says_at_once_when_the_gateway_does_not_take_the_key(
    listening: Listening,
) -> None:
    process = listening(ZAMPAY_API_KEY=f"zp_test_{'0' * 48}")
    assert process.wait(timeout_s=20) == 1
    assert "the gateway refuses: 401: The API key is unknown" in process.output()


def test_listen_names_what_it_was_not_told(listening: Listening) -> None:
    process = listening(ZAMPAY_TENANT_ID="")
    assert process.wait(timeout_s=20) == 2
    assert "Missing option '--tenant-id' (env var: 'ZAMPAY_TENANT_ID')" in process.output()
