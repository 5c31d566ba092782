"""Finds the root certificate that a board needs for a host: connects, and takes the root from a trusted bundle."""

import hashlib
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

# OpenSSL's reasons, of old and new versions, when the peer's first bytes are not a TLS record.
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")


class RootError(Exception):
    """Raised when the root cannot be found; the text gives the reason and the fix."""


def split_host(text: str) -> tuple[str, int]:
    """Returns host name and port of `host`, `host:port`, `[ipv6]:port` or an https URL. Raises RootError."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if not parts.hostname:
            raise ValueError("there is no host in it")
        return parts.hostname, parts.port or 443
    except ValueError as error:
        raise RootError(f"{text!r} is not a host: {error}; write HOST, HOST:PORT or [IPV6]:PORT") from None


def root_for(host: str, port: int, bundle: Path, timeout_s: float) -> bytes:
    """Returns the root of the bundle that verifies the host's certificate chain, as DER. Raises RootError."""
    try:
        context = ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise RootError(f"cannot read roots from {bundle}: {error}; give a PEM file with --bundle") from None
    try:
        with (
            socket.create_connection((host, port), timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            return _verified_chain(secure)[-1]
    except ssl.SSLCertVerificationError as error:
        raise RootError(
            f"{host}:{port} is not trusted by {bundle}: {error.verify_message}; if that is its own authority, "
            "ask its owner for the root certificate"
        ) from None
    except socket.gaierror as error:
        raise RootError(f"cannot find {host}: {error.strerror}; check the name and this computer's network") from None
    except OSError as error:
        if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
            raise RootError(f"{host}:{port} does not speak TLS; check the port") from None
        raise RootError(
            f"cannot connect to {host}:{port}: {error}; check the port and this computer's network"
        ) from None


def _verified_chain(secure: ssl.SSLSocket) -> list[bytes]:
    if hasattr(secure, "get_verified_chain"):  # Python 3.13 and later
        return secure.get_verified_chain()
    # Older versions have the same call in a private object; it returns certificate objects instead of bytes.
    chain = getattr(secure, "_sslobj").get_verified_chain()  # noqa: B009 - not in the type stubs
    return [ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain]


def describe(der: bytes) -> list[tuple[str, str]]:
    """Returns (name, text) pairs that let a person check a certificate before trusting it."""
    certificate = x509.load_der_x509_certificate(der)
    fingerprint = hashlib.sha256(der).hexdigest().upper()
    return [
        ("subject", certificate.subject.rfc4514_string()),
        ("expires", certificate.not_valid_after_utc.date().isoformat()),
        ("size", f"{len(der)} bytes"),
        ("SHA-256", ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2))),
    ]
