"""Whatever is wrong with an endpoint: one clear problem, and nothing is kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.infra.test_public_addresses import LOOPBACK_SPELLINGS, PRIVATE
from tests.support.merchants import Merchant
from tests.support.refusals import refusal, wrong_fields
from tests.support.tables import row_counts
from tests.webhooks.given import call
from zampay.webhooks.schemas import EndpointRequest

URL = "https://shop.example/hooks"
OTHER_URLS = [
    "http://shop.example/hooks",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "//shop.example/",
    "shop.example/hooks",
    "https://",
    "https:///hooks",
    "https://shop",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://router.lan/",
    "https://a.home.arpa/",
    "https://user:secret@shop.example/",
    "https://user@shop.example/",
    "https://@shop.example/",
    "https://shop.example@127.0.0.1/",
    "https://shop.example:22/",
    "https://shop.example:80/",
    "https://shop.example:0/",
    "https://shop.example:99999/",
    "https://shop.example:port/",
    "https://shop.example/#part",
    "https://shop.example\\@127.0.0.1/",
    "https://shop.example/ hooks",
    "https://shop.example/\nHost: evil",
    " https://shop.example/",
    "https://b\u00fccher.example/",
    "https://127\u30020.0.1/",
    "https://\u2460\u2461\u2466.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://shop.example%2f@127.0.0.1/",
    "https://[::1/",
    "https://[v1.abc]/",
    "https://.example/",
    "https://shop..example/",
    f"https://{'x' * 64}.example/",
    "https://shop.example/" + "x" * 2000,
    "",
]
ADDRESSES = [*(text for texts in PRIVATE.values() for text in texts), *LOOPBACK_SPELLINGS]
BAD_URLS = OTHER_URLS + [
    f"https://[{text}]/" if ":" in text and not text.startswith("[") else f"https://{text}/"
    for text in ADDRESSES
]

WRONG_FIELDS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no url": ({"url": None}, {"url"}),
    "url as a list": ({"url": [URL]}, {"url"}),
    "url as an object": ({"url": {"href": URL}}, {"url"}),
    "unknown type": ({"eventTypes": ["payment.paid"]}, {"eventTypes.0"}),
    "half a type": ({"eventTypes": ["payment.*"]}, {"eventTypes.0"}),
    "the type of a test": ({"eventTypes": ["webhook_endpoint.test"]}, {"eventTypes.0"}),
    "no types": ({"eventTypes": []}, {"eventTypes"}),
    "types as text": ({"eventTypes": "*"}, {"eventTypes"}),
    "too many types": ({"eventTypes": ["*"] * 50}, {"eventTypes"}),
    "a type twice": ({"eventTypes": ["payment.failed"] * 2}, {"eventTypes"}),
    "a long description": ({"description": "x" * 201}, {"description"}),
    "a description of two lines": ({"description": "a\nb"}, {"description"}),
    "enabled as text": ({"enabled": "yes"}, {"enabled"}),
    "enabled as a number": ({"enabled": 1}, {"enabled"}),
    "unknown field": ({"secret": "whsec_mine"}, {"secret"}),
    "headers as a list": ({"headers": ["X-A: 1"]}, {"headers"}),
    "a header twice": ({"headers": {"X-Shop": "7", "x-shop": "8"}}, {"headers"}),
    "eleven headers": ({"headers": {f"X-{n}": "1" for n in range(11)}}, {"headers"}),
}
BAD_HEADERS = [
    *(("webhook-id", "x"), ("Webhook-Signature", "v1,x"), ("WEBHOOK-TIMESTAMP", "1")),
    *(("Host", "evil.example"), ("Content-Length", "0"), ("content-type", "text/plain")),
    *(("Transfer-Encoding", "chunked"), ("Connection", "close"), ("User-Agent", "x")),
    *(("Accept-Encoding", "gzip"), ("Cookie", "a=b"), ("Proxy-Authorization", "x")),
    *(("X-A", "b\r\nHost: evil.example"), ("X-A", "b\n"), ("X-A\r\n", "b"), ("X A", "b")),
    *(("X-A", "\u00e9"), ("X-A", " b"), ("X-A", "b "), ("X:A", "b"), ("", "b"), ("X-\u00c4", "b")),
    *(("X-A", "x" * 513), ("X" * 65, "b")),
]


@pytest.fixture(autouse=True)
def nothing_is_kept(app: Flask, merchant: Merchant) -> Iterator[None]:
    before = row_counts(app)
    yield
    assert row_counts(app) == before


def refused(merchant: Merchant, **changes: Any) -> set[str]:
    body = {"url": URL, **changes}
    wanted = {name: value for name, value in body.items() if value is not None}
    answer = call(merchant, "POST", "/webhook-endpoints", wanted)
    return wrong_fields(refusal(answer, 422, "validation_failed"))


@pytest.fixture
def production(app: Flask) -> None:
    """What only development accepts is refused; the fixture `app` puts the setting back."""
    app.config["IS_DEVELOPMENT"] = False


@pytest.mark.usefixtures("production")
def test_a_url_that_is_not_https_to_a_public_host_is_refused(app: Flask) -> None:
    """More URLs than a merchant may create endpoints in a minute, so without the route."""
    with app.app_context():
        wrong = {url: EndpointRequest().validate({"url": url}) for url in BAD_URLS}
    assert [url for url in BAD_URLS if set(wrong[url]) != {"url"}] == []


@pytest.mark.usefixtures("production")
def test_the_route_names_a_wrong_url(merchant: Merchant) -> None:
    assert refused(merchant, url=BAD_URLS[0]) == {"url"}


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "http://printer.local/",
        "http://user@localhost/",
        "ftp://localhost/",
    ],
)
def test_development_accepts_http_and_loopback_and_nothing_else(
    merchant: Merchant, url: str
) -> None:
    assert refused(merchant, url=url) == {"url"}


@pytest.mark.parametrize("case", WRONG_FIELDS)
def test_a_wrong_field_is_named(merchant: Merchant, case: str) -> None:
    changes, wrong = WRONG_FIELDS[case]
    assert refused(merchant, **changes) == wrong


def test_a_header_that_would_override_ours_or_break_the_request_is_refused(
    merchant: Merchant,
) -> None:
    for name, value in BAD_HEADERS:
        (wrong,) = refused(merchant, headers={name: value})
        assert wrong.startswith("headers")


def test_everything_that_is_wrong_is_said_at_once(merchant: Merchant) -> None:
    wrong = refused(merchant, url="x", eventTypes=["x"], headers={"Host": "x"}, tip=1)
    assert wrong == {"url", "eventTypes.0", "headers", "tip"}
