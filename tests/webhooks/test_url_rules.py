"""One host has one name, so that whatever is counted per host is counted together."""

import pytest

from zampay.webhooks import url_rules


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://shop.example/hooks", "shop.example"),
        ("https://SHOP.Example:8443/", "shop.example"),
        ("https://shop.example./", "shop.example"),
        ("https://104.18.39.228/", "104.18.39.228"),
        ("https://0x68.0x12.0x27.0xe4/", "104.18.39.228"),
        ("https://1746020324/", "104.18.39.228"),
        ("https://[64:ff9b::6812:27e4]/", "104.18.39.228"),
        ("https://[2606:4700:0:0::1]/", "2606:4700::1"),
    ],
)
def test_a_host_is_known_by_one_name_however_it_is_spelled(url: str, host: str) -> None:
    assert url_rules.host_of(url) == host
