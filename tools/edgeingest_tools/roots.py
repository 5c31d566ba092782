"""The root certificate that a board needs for a host: looked up by connecting, taken from a bundle of trusted roots."""

import hashlib
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

# What OpenSSL says, old and new, when the first answer is no TLS record.
_NOT_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST")


class RootError(Exception):
    """The root could not be found; the text says why and what to do."""


def split_host(text: str) -> tuple[str, int]:
    """`host`, `host:port`, `[ipv6]:port` or an https URL."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        if not parts.hostname:
            raise ValueError("there is no host in it")
        return parts.hostname, parts.port or 443
    except ValueError as error:
        raise RootError(f"{text!r} is not a host: {error}; write HOST, HOST:PORT or [IPV6]:PORT") from None


def root_for(host: str, port: int, bundle: Path, timeout_s: float) -> bytes:
    """The DER of the bundle's root that verifies the host's chain."""
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
    if hasattr(secure, "get_verified_chain"):  # Python 3.13 on
        return secure.get_verified_chain()
    # Before that the same call exists one level down, with certificate objects in place of bytes.
    chain = getattr(secure, "_sslobj").get_verified_chain()  # noqa: B009 - not in the type stubs
    return [ssl.PEM_cert_to_DER_cert(found.public_bytes()) for found in chain]


def describe(der: bytes) -> list[tuple[str, str]]:
    """What a person wants to see of a certificate before trusting it."""
    certificate = x509.load_der_x509_certificate(der)
    fingerprint = hashlib.sha256(der).hexdigest().upper()
    return [
        ("subject", certificate.subject.rfc4514_string()),
        ("expires", certificate.not_valid_after_utc.date().isoformat()),
        ("size", f"{len(der)} bytes"),
        ("SHA-256", ":".join(fingerprint[at : at + 2] for at in range(0, len(fingerprint), 2))),
    ]
