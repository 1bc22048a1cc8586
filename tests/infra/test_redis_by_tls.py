"""Who talks to Redis by TLS tells its password only to a server whose certificate is in order."""

import contextlib
import datetime as dt
import importlib.util
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from celery import Celery
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from tests.infra.conftest import MakeApp
from zampay.infra.redis import redis_client
from zampay.kernel import redis_url

HEALTHCHECK = Path(__file__).parents[2] / "deploy" / "healthcheck.py"


@dataclass
class Listener:
    """A server with a certificate that nobody has signed; what it heard once TLS stood."""

    port: int
    certificate: Path
    received: list[bytes] = field(default_factory=list)

    def url(self, query: str = "") -> str:
        return redis_url.verified(f"rediss://:opensesame@127.0.0.1:{self.port}/0{query}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Self-signed, for 127.0.0.1: the certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = tmp_path_factory.mktemp("tls")
    (place / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (place / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return place / "cert.pem", place / "key.pem"


@pytest.fixture
def listener(certificate: tuple[Path, Path]) -> Iterator[Listener]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Listener(server.getsockname()[1], certificate[0])

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.settimeout(3)
                with (
                    contextlib.suppress(OSError),
                    context.wrap_socket(connection, server_side=True) as one,
                ):
                    found.received.append(one.recv(4096))

        threading.Thread(target=serve, daemon=True).start()
        yield found
        server.shutdown(socket.SHUT_RDWR)


def _redis(app: Flask) -> None:
    redis_client.client().ping()


def _broker(app: Flask) -> None:
    with app.extensions["celery"].connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()


def _worker(app: Flask) -> None:
    with app.extensions["celery"].connection_for_read() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()


def _limits(app: Flask) -> None:
    app.test_client().get("/api/v1/payments", headers={"Authorization": "Bearer zp_test_x"})


CLIENTS: dict[str, Callable[[Flask], None]] = {
    "redis": _redis,
    "broker": _broker,
    "worker": _worker,
    "limits": _limits,
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("trust", ["nothing said", "its authority", "anybody"])
def test_a_password_goes_only_to_a_server_that_is_trusted(
    another_app: MakeApp, listener: Listener, client: str, trust: str
) -> None:
    query = {
        "nothing said": "",
        "its authority": f"?ssl_ca_certs={listener.certificate}",
        "anybody": "?ssl_cert_reqs=none",
    }[trust]
    app = another_app(redis_url=listener.url(query))
    with app.app_context(), contextlib.suppress(Exception):
        CLIENTS[client](app)
    received = b"".join(listener.received)
    assert (b"opensesame" in received) == (trust != "nothing said")


@pytest.fixture
def healthcheck() -> ModuleType:
    spec = importlib.util.spec_from_file_location("healthcheck", HEALTHCHECK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_check_of_a_container_verifies_as_well(
    healthcheck: ModuleType, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", f"rediss://:opensesame@127.0.0.1:{listener.port}/0")
    hasty = partial(Celery, broker_connection_timeout=0.1)
    monkeypatch.setattr(healthcheck, "Celery", hasty)
    with pytest.raises(Exception, match=r"certificate|CERTIFICATE"):
        healthcheck.worker_answers("celery@nobody")
    assert b"opensesame" not in b"".join(listener.received)
