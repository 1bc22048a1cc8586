"""What the guide for merchants shows is what works: each example runs against a real gateway."""

import json
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer

from dev.merchant import Merchant
from dev.servers import Servers, temporary_directory
from dev.stack import Stack, base_environment
from tests.deploying import guide
from tests.deploying.conftest import GENEROUS
from tests.support.receiver import receiver
from zampay.providers import registry

PROGRAMS = [language for language in guide.RUNNABLE if language != "bash"]
QUICK = [
    language if language == "python" else pytest.param(language, marks=pytest.mark.long)
    for language in PROGRAMS
]
PAYS, DECLINES = "0963123400", "0963123451"
AIRTEL_PAYS, AIRTEL_DECLINES = "0973123400", "0973123451"
ASK_PYTHON = """
import json, sys
for body, headers, secret in json.load(open(sys.argv[0] + ".json")):
    print(is_genuine(body.encode(), headers, secret))
"""
ASK_JAVASCRIPT = """
import { readFileSync } from "node:fs";
for (const [body, headers, secret] of JSON.parse(readFileSync(process.argv[1] + ".json"))) {
  console.log(isGenuine(Buffer.from(body), headers, secret));
}
"""
ASK_PHP = """
foreach (json_decode(file_get_contents(__FILE__ . '.json'), true) as [$body, $headers, $secret]) {
    echo isGenuine($body, $headers, $secret) ? "true\\n" : "false\\n";
}
"""
ASK = {"python": ASK_PYTHON, "javascript": ASK_JAVASCRIPT, "php": ASK_PHP}


@pytest.fixture(scope="module")
def gateway(servers: Servers, migrated: str) -> Iterator[Stack]:
    """All of it, with a simulator of each network."""
    name = f"zampay_guide_{secrets.token_hex(4)}"
    copied = replace(servers, database_url=servers.create_database(name, template=migrated))
    with (
        temporary_directory() as directory,
        Stack(copied, directory, environment=GENEROUS) as stack,
    ):
        stack.start()
        yield stack
    servers.drop_database(name)


@pytest.fixture(scope="module")
def merchant(gateway: Stack) -> Merchant:
    return Merchant.register(gateway.url, business_name="Kalulu Books", email="o@kalulu.example")


@pytest.fixture(scope="module")
def live(merchant: Merchant) -> Merchant:
    """The same merchant with their first live key."""
    return merchant.live()


@pytest.fixture
def newcomer(gateway: Stack) -> Merchant:
    """A merchant who has no live key yet."""
    return Merchant.register(gateway.url, business_name="Mosi Crafts", email="o@mosi.example")


def environment(merchant: Merchant, **more: str) -> dict[str, str]:
    """What the examples read."""
    told = {"ZAMPAY_URL": merchant.url, "ZAMPAY_API_KEY": merchant.key}
    return {**base_environment(), **told, "ZAMPAY_TENANT_ID": merchant.tenant_id, **more}


@pytest.mark.parametrize("shell", [language for language in guide.RUNNABLE if language == "bash"])
def test_the_lines_for_curl_do_what_the_guide_says(
    newcomer: Merchant, tmp_path: Path, shell: str
) -> None:
    def run(code: str, **more: str) -> Any:
        directory = Path(tempfile.mkdtemp(dir=tmp_path))
        program = guide.start(shell, code, directory, environment(newcomer, **more))
        return json.loads(guide.result(program))

    (register,) = guide.examples("Register")["bash"]
    assert run(register)["apiKey"].startswith("zp_test_")
    pay, look = guide.examples("The first payment")["bash"]
    assert run(pay)["msisdn"] == "260963123400"
    assert [payment["externalId"] for payment in run(look)["data"]] == ["guide-1"]
    of_networks = [run(code) for code in guide.examples("Networks")["bash"]]
    assert [one["provider"] for one in of_networks] == [one.code for one in registry.NETWORKS]
    (hook,) = guide.examples("Webhooks")["bash"]
    assert run(hook, HOOK_URL="http://127.0.0.1:9/hooks")["secret"].startswith("whsec_")
    (live,) = guide.examples("Going live")["bash"]
    assert run(live)["apiKey"].startswith("zp_live_")


@pytest.mark.parametrize("language", QUICK)
def test_the_programs_pay_in_test_and_on_each_network(
    merchant: Merchant, live: Merchant, tmp_path: Path, language: str
) -> None:
    (code,) = guide.examples("The first payment")[language]
    cases = {(merchant, PAYS): "SUCCESSFUL", (live, PAYS): "SUCCESSFUL"}
    cases |= {
        (merchant, DECLINES): "FAILED payer_declined",
        (live, DECLINES): "FAILED payer_declined",
        (live, AIRTEL_PAYS): "SUCCESSFUL",
        (live, AIRTEL_DECLINES): "FAILED payer_declined",
    }
    running = []
    for number, (payer, msisdn) in enumerate(cases):
        told = environment(payer, ORDER=f"{language}-{number}", PAYER=msisdn)
        running.append(guide.start(language, code, tmp_path, told))
    assert [guide.result(program) for program in running] == list(cases.values())


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_refusal_is_shown_with_its_code_and_every_wrong_field(
    merchant: Merchant, tmp_path: Path, language: str
) -> None:
    (code,) = guide.examples("The first payment")[language]
    told = environment(merchant, ORDER="two words", PAYER="not a number")
    program = guide.start(language, code, tmp_path, told)
    written, _ = program.communicate(timeout=60)
    assert program.returncode != 0
    assert "validation_failed: externalId: must be " in written
    assert "; msisdn: must be " in written


# What may stand where a gateway was thought to be.
STRANGERS: dict[str, dict[str, Any]] = {
    "redirect": {"status": 308, "headers": {"Location": "/followed"}},
    "page": {"response_data": "<h1>Welcome</h1>"},
    "nothing": {"status": 431},
}


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("language", PROGRAMS)
def test_an_answer_that_is_no_gateway_s_ends_a_program_with_a_reason(
    httpserver: HTTPServer, tmp_path: Path, language: str, kind: str
) -> None:
    (code,) = guide.examples("The first payment")[language]
    told = {"ZAMPAY_API_KEY": "zp_test_x", "ZAMPAY_TENANT_ID": "ten_x", "ORDER": "1", "PAYER": PAYS}
    httpserver.expect_request("/api/v1/payments").respond_with_data(**STRANGERS[kind])
    httpserver.expect_request("/followed").respond_with_json([])
    told = {**base_environment(), **told, "ZAMPAY_URL": httpserver.url_for("")}
    program = guide.start(language, code, tmp_path, told)
    written, _ = program.communicate(timeout=60)
    assert program.returncode != 0
    assert "no JSON of a gateway's: is ZAMPAY_URL right, with https?" in written
    asked = [f"{request.method} {request.path}" for request, _ in httpserver.log]
    assert asked == ["POST /api/v1/payments"]


@pytest.fixture(scope="module")
def delivery(merchant: Merchant) -> dict[str, Any]:
    """A webhook as it really came, with the secret that it was signed with."""
    with receiver() as shop:
        made = requests.post(
            f"{merchant.url}/api/v1/webhook-endpoints",
            headers=merchant.headers,
            json={"url": shop.url},
            timeout=10,
        ).json()
        merchant.pay(external_id="hooked", amount="1.00", msisdn=PAYS)
        (received,) = shop.await_received(1, timeout_s=30)
    body, headers = received.body.decode(), received.headers
    return {"body": body, "headers": headers, "secret": made["secret"]}


def forgeries(delivery: dict[str, Any]) -> list[tuple[str, dict[str, str], str]]:
    """What strangers may send: body, headers, and the secret that the shop holds."""
    body, good, secret = delivery["body"], delivery["headers"], delivery["secret"]
    changed = body.replace('"1.00"', '"9.00"')
    assert changed != body
    signature = good["webhook-signature"]
    wrong = {
        "webhook-id": ["", "evt_2", "\u00e9", "\U0001f4a5"],
        "webhook-timestamp": [
            *("", "soon", "1700000000", "-1", "+1", "1e9", "NaN", "\u00b2", "\u0661", "9" * 5000),
            *(f"{good['webhook-timestamp']}\n", f" {good['webhook-timestamp']}", "0x7fffffff"),
        ],
        "webhook-signature": [
            *("", " ", ",", "v1", "v1,", "v1,\u00e9", "v1,\U0001f4a5", "v2" + signature[2:]),
            *(signature[:-1], signature[3:], signature.lower(), f"v1,{'A' * 43}="),
        ],
    }
    headers = [good | {name: text} for name, texts in wrong.items() for text in texts]
    headers += [{other: good[other] for other in good if other != name} for name in wrong]
    return [
        (changed, good, secret),
        (body, good, f"whsec_{'A' * 43}="),
        (body, {}, secret),
        *((body, one, secret) for one in headers),
    ]


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_check_of_a_signature_takes_ours_and_calls_everything_else_false(
    delivery: dict[str, Any], tmp_path: Path, language: str
) -> None:
    (code,) = guide.examples("Webhooks")[language]
    good = (delivery["body"], delivery["headers"], delivery["secret"])
    other = f"v1,{'A' * 43}= {delivery['headers']['webhook-signature']}"
    both = (good[0], good[1] | {"webhook-signature": other}, good[2])
    given = [good, both, *forgeries(delivery)]
    file = tmp_path / f"example.{guide.RUNNERS[language][1]}.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    program = guide.start(language, code + ASK[language], tmp_path, base_environment())
    judged = guide.result(program).lower().split("\n")
    accepted = [one for one, said in zip(given, judged, strict=True) if said != "false"]
    assert accepted == [good, both]
