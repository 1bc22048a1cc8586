"""A simulator's certificate, so that a gateway can be tried with production's rules.

It is self-signed: clients that shall trust the simulator get the same file. It is made at the first
start and kept, so that the file stays valid for a gateway that has it.
"""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CERTIFICATE, KEY = "simulator.crt", "simulator.key"
NAMES = ("localhost", "simulator", "127.0.0.1", "::1")
LASTS = timedelta(days=365)
RENEW_BEFORE = timedelta(days=1)


def context(directory: Path, host: str) -> ssl.SSLContext:
    """What a server needs to speak TLS as `host`, from the files in `directory`.

    Raises:
        OSError: the directory cannot be written.
    """
    certificate, key = directory / CERTIFICATE, directory / KEY
    if not _is_good(certificate, key, host):
        directory.mkdir(parents=True, exist_ok=True)
        _make(certificate, key, host)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def _is_good(certificate: Path, key: Path, host: str) -> bool:
    if not certificate.exists() or not key.exists():
        return False
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    lasts = found.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE
    return lasts and _name(host) in names


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _make(certificate: Path, key: Path, host: str) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ZamPay simulator")])
    now = datetime.now(UTC)
    names = [_name(text) for text in dict.fromkeys((host, *NAMES))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LASTS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    key.touch(mode=0o600)
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
