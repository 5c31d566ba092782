"""A test certificate authority, with which a board can use TLS with the local service."""

import ipaddress
import os
import ssl
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

CA_PEM, CA_DER, _CA_KEY = "ca.pem", "ca.der", "ca.key"


def server_context(directory: Path, hosts: list[str]) -> ssl.SSLContext:
    """Returns a context with a certificate for localhost and the hosts; writes ca.pem and ca.der for the clients.

    The authority is made once per folder, so a board with its ca.der keeps working when the service is restarted.
    """
    directory.mkdir(parents=True, exist_ok=True)
    authority = _authority(directory)
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", *map(_without_zone, hosts)])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def _authority(directory: Path) -> trustme.CA:
    pem, key = directory / CA_PEM, directory / _CA_KEY
    if pem.is_file() and key.is_file():
        return trustme.CA.from_pem(pem.read_bytes(), key.read_bytes())
    authority = trustme.CA(organization_name="edgeingest", organization_unit_name="throw-away, for tests only")
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(authority.private_key_pem.bytes())
    certificate = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    (directory / CA_DER).write_bytes(certificate.public_bytes(Encoding.DER))
    pem.write_bytes(authority.cert_pem.bytes())
    return authority


def _without_zone(host: str) -> str:
    """Returns an IPv6 address without its zone: fe80::1%eth0 is valid on one computer only, so certificates omit it."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return host
