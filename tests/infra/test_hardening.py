"""The rest of the shell: bounded headers, costly routes, probes without TLS, TLS verified."""

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from pytest_httpserver import HTTPServer

from config import AppEnv
from tests.infra.conftest import MakeApp
from tests.support.merchants import BASE, Merchant
from tests.support.refusals import refusal
from zampay.app import ROUTE_LIMITS
from zampay.infra.http.outbound import NotConnected, Outbound

PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "x" * 17_000},
        {f"X-Many-{number}": "x" * 200 for number in range(90)},
        {"Authorization": "Bearer " + "x" * 17_000},
    ],
)
def test_more_than_16_kib_of_headers_are_refused(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    refusal(client.get(f"{BASE}/payments", headers=headers), 431, "headers_too_large")


def test_ordinary_headers_pass(client: FlaskClient) -> None:
    assert client.get("/health/live", headers={"X-Long": "x" * 8_000}).status_code == 200


def test_a_costly_route_has_a_limit_of_its_own(merchant: Merchant) -> None:
    most = int(ROUTE_LIMITS["webhook-endpoints.replay"].partition("/")[0])
    path = f"/webhook-endpoints/{'whe_' + '0' * 26}/replay"
    wanted = {"since": "2026-01-31T12:00:00Z"}
    answers = [merchant.post(path, wanted) for _ in range(most + 1)]
    assert {answer.status_code for answer in answers[:most]} == {404}
    refusal(answers[most], 429, "too_many_requests")
    assert int(answers[most].headers["Retry-After"]) > 0
    assert merchant.get("/payments").status_code == 200
    assert merchant.post(path, wanted, live=False).status_code == 429, (
        "keys of a tenant count together"
    )


@pytest.mark.parametrize("app_env", [AppEnv.STAGING, AppEnv.PRODUCTION])
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_probes_inside_need_no_tls(another_app: MakeApp, app_env: AppEnv, path: str) -> None:
    client = another_app(app_env=app_env).test_client()
    assert client.get(path).status_code == 200
    assert client.get("/api/docs").status_code == 403


def test_scrapers_inside_need_no_tls_but_the_token(another_app: MakeApp) -> None:
    token = "0123456789abcdef0123456789abcdef"
    client = another_app(app_env=AppEnv.PRODUCTION, metrics_token=token).test_client()
    assert client.get("/metrics").status_code == 401
    right = {"Authorization": f"Bearer {token}"}
    assert client.get("/metrics", headers=right).status_code == 200


def test_as_many_proxies_are_believed_as_the_setting_says(another_app: MakeApp) -> None:
    """A client that forges the header behind one proxy is seen with the address the proxy saw."""
    client = another_app(trusted_proxies=1, limit_per_address="1/minute").test_client()
    forged = {**PROXIED, "X-Forwarded-For": "192.0.2.99, 198.51.100.7"}
    wrong = {"Authorization": "Bearer zp_test_wrong"}
    statuses = [
        client.get(f"{BASE}/payments", headers={**wrong, **found}).status_code
        for found in (PROXIED, forged, {**PROXIED, "X-Forwarded-For": "198.51.100.8"})
    ]
    assert statuses == [401, 429, 401]


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[HTTPServer]:
    """A TLS server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    # Its own look whether it is ready would not trust the certificate either.
    with HTTPServer(ssl_context=context, startup_timeout=None) as server:
        yield server


# As in production, where a warning stops nothing.
@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(self_signed: HTTPServer) -> None:
    outbound = Outbound(connect_timeout_s=2, read_timeout_s=2)
    with pytest.raises(NotConnected, match="TLSHandshakeFailed"):
        outbound.send(
            "GET", self_signed.url_for("/"), headers={"Authorization": "Bearer opensesame"}
        )
    assert self_signed.log == []
