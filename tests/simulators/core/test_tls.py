"""A simulator over TLS: a gateway must be given its certificate, as in production."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import config
from tests.simulators.client import served
from tests.simulators.core.networks import Settings, create_app
from zampay.infra.http.outbound import NoReply, NotConnected, Outbound
from zampay.simulators.core import tls


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    settings = Settings(port=0, tls_directory=str(tmp_path))
    with served(create_app, settings) as url:
        yield url


def outbound(ca_bundle: Path | None) -> Outbound:
    named = str(ca_bundle) if ca_bundle else None
    return Outbound(connect_timeout_s=2, read_timeout_s=2, ca_bundle=named)


def test_a_client_with_its_certificate_can_connect(url: str, tmp_path: Path) -> None:
    assert url.startswith("https://127.0.0.1:")
    reply = outbound(tmp_path / tls.CERTIFICATE).send("GET", f"{url}/nothing", headers={})
    assert reply.status == 404


def test_no_other_client_trusts_it(url: str) -> None:
    with pytest.raises((NotConnected, NoReply)):
        outbound(None).send("GET", f"{url}/nothing", headers={})


def test_the_certificate_is_kept_and_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    tls.context(tmp_path, "127.0.0.1")
    first = (tmp_path / tls.CERTIFICATE).read_bytes()
    tls.context(tmp_path, "127.0.0.1")
    assert (tmp_path / tls.CERTIFICATE).read_bytes() == first
    assert (tmp_path / tls.KEY).stat().st_mode & 0o077 == 0
    tls.context(tmp_path, "simulator.example")
    assert (tmp_path / tls.CERTIFICATE).read_bytes() != first


def test_a_gateway_in_staging_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: config.Config
) -> None:
    tls.context(tmp_path, "127.0.0.1")
    environment = {
        "APP_ENV": "staging",
        "SHARED_WALLETS": "false",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": "a-test-secret-key-of-enough-length",
        "MTN_BASE_URL": "https://127.0.0.1:8081",
        "MTN_TARGET_ENVIRONMENT": "mtnzambia",
        "MTN_COLLECTION_SUBSCRIPTION_KEY": "0123456789abcdef0123456789abcdef",
        "MTN_COLLECTION_API_USER": "0b0a9b1e-6a58-4d8f-9f5e-0d5f1a3d2c4b",
        "MTN_COLLECTION_API_KEY": "0123456789abcdef0123456789abcdef",
        "MTN_CA_BUNDLE": str(tmp_path / tls.CERTIFICATE),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert config.load().networks["MTN"].ca_bundle == environment["MTN_CA_BUNDLE"]
    for wrong in (tmp_path / "absent", Path(__file__)):
        monkeypatch.setenv("MTN_CA_BUNDLE", str(wrong))
        with pytest.raises(config.BadConfiguration, match="MTN_CA_BUNDLE: cannot be used"):
            config.load()


def test_requests_agrees(url: str, tmp_path: Path) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(url, timeout=2)
    assert requests.get(url, timeout=2, verify=str(tmp_path / tls.CERTIFICATE)).status_code == 404
