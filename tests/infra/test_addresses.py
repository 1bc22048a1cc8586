"""One function reads addresses, in every spelling that proxies and translators use."""

import ipaddress

import pytest
from flask import Flask, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from zampay.infra.web.forwarded import Forwarded
from zampay.kernel import addresses

V4, V6 = "41.77.1.2", "2606:4700::1111"

SPELLINGS = {
    "41.77.1.2": V4,
    "41.77.1.2:51234": V4,
    " 41.77.1.2\t": V4,
    "[41.77.1.2]:443": V4,
    "::ffff:41.77.1.2": V4,
    "[::ffff:41.77.1.2]:443": V4,
    "::FFFF:294d:102": V4,
    "64:ff9b::41.77.1.2": V4,
    "[64:ff9b::294d:102]:80": V4,
    "2606:4700::1111": V6,
    "[2606:4700::1111]": V6,
    "[2606:4700::1111]:51234": V6,
    "2606:4700:0:0::1111%eth0": V6,
    "[fe80::1%25eth0]:80": "fe80::1",
    "[::1]:80": "::1",
    "2002:294d:102::1": "2002:294d:102::1",
    "64:ff9b:1::a00:1": "64:ff9b:1::a00:1",
}
NONE = [
    *(
        "",
        " ",
        "unknown",
        "_hidden",
        "localhost",
        "41.77.1",
        "41.77.1.2.3",
        "041.77.1.2",
        "41.77.1.2/32",
    ),
    *(
        "41.77.1.2:",
        "41.77.1.2:x",
        "41.77.1.2:1234567",
        "41.77.1.2%eth0",
        "[41.77.1.2",
        "[]",
        "[]:80",
    ),
    *(
        "41.77.1.2, 10.0.0.1",
        "41.77.1.2 10.0.0.1",
        "2606::1::2",
        "\uff12.2.2.2",
        "41.77.1.2\x00",
        "1" * 5000,
    ),
]


@pytest.mark.parametrize(("text", "meant"), SPELLINGS.items())
def test_an_address_is_read_in_every_spelling(text: str, meant: str) -> None:
    assert str(addresses.read(text)) == meant


@pytest.mark.parametrize("text", [None, *NONE])
def test_what_is_no_address_is_none(text: str | None) -> None:
    assert addresses.read(text) is None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        (" 192.0.2.7 ", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("64:ff9b::192.0.2.7", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
    ],
)
def test_an_allow_list_is_read_the_same_way(text: str, meant: str) -> None:
    assert addresses.read_network(text) == ipaddress.ip_network(meant)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (V4, V4),
        ("2606:4700:1:2:3:4:5:6", "2606:4700:1:2::/64"),
        ("2606:4700:1:2::", "2606:4700:1:2::/64"),
        ("2002:294d:102:1::1", V4),  # 6to4: 65,536 networks of one customer
        ("2002:294d:102:2::1", V4),
        ("2001:0:294d:102:8000:63bf:3fff:fdd2", "192.0.2.45"),  # Teredo, RFC 4380, 4
    ],
)
def test_a_customer_has_one_name_however_many_addresses(text: str, name: str) -> None:
    address = addresses.read(text)
    assert address is not None
    assert addresses.customer(address) == name


FORWARDED = [
    (0, {"X-Forwarded-For": "41.77.1.2", "X-Forwarded-Proto": "https"}, "10.0.0.9", "http"),
    (1, {}, "10.0.0.9", "http"),
    (1, {"X-Forwarded-For": "41.77.1.2:51234"}, V4, "http"),
    (1, {"X-Forwarded-For": "6.6.6.6, 41.77.1.2"}, V4, "http"),
    (1, {"X-Forwarded-For": "6.6.6.6,[2606:4700::1111]:80"}, V6, "http"),
    (1, {"X-Forwarded-For": "6.6.6.6, unknown"}, None, "http"),
    (1, {"X-Forwarded-For": "6.6.6.6,"}, None, "http"),
    (2, {"X-Forwarded-For": "6.6.6.6, 41.77.1.2, 10.0.0.1"}, V4, "http"),
    (2, {"X-Forwarded-For": "10.0.0.1"}, "10.0.0.9", "http"),
    (1, {"X-Forwarded-Proto": "HTTPS"}, "10.0.0.9", "https"),
    (1, {"X-Forwarded-Proto": "https , http"}, "10.0.0.9", "http"),
    (1, {"X-Forwarded-Proto": "http, Https"}, "10.0.0.9", "https"),
    (1, {"X-Forwarded-Proto": "javascript"}, "10.0.0.9", "http"),
    (2, {"X-Forwarded-Proto": "https"}, "10.0.0.9", "https"),
    (2, {"X-Forwarded-Proto": "https, http"}, "10.0.0.9", "https"),
    (2, {"X-Forwarded-Proto": "https, http, http"}, "10.0.0.9", "http"),
]


@pytest.mark.parametrize(("proxies", "headers", "address", "scheme"), FORWARDED)
def test_client_and_scheme_are_what_the_trusted_proxies_tell(
    proxies: int, headers: dict[str, str], address: str | None, scheme: str
) -> None:
    app = Flask("who")
    app.add_url_rule("/", view_func=lambda: {"who": request.remote_addr, "by": request.scheme})
    environ = EnvironBuilder(
        headers=list(headers.items()), environ_base={"REMOTE_ADDR": "10.0.0.9"}
    ).get_environ()
    body, _, _ = run_wsgi_app(Forwarded(app, trusted_proxies=proxies), environ)
    assert app.json.loads(b"".join(body)) == {"who": address, "by": scheme}
