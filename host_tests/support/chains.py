"""Servers' certificates for tests: chains that a client accepts, and chains with one fault each."""

import datetime
import ssl

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Chain:
    """A root certificate and a server certificate that it signed."""

    def __init__(self, root, leaf, authority=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(self.context)
        self.pem = root.cert_pem.bytes()
        self.der = ssl.PEM_cert_to_DER_cert(self.pem.decode())


def issued(key_type=trustme.KeyType.ECDSA, name="localhost", child=False, **options):
    root = trustme.CA(key_type=key_type)
    issuer = root.create_child_ca(key_type=key_type) if child else root
    return Chain(root, issuer.issue_cert(name, key_type=key_type, **options))


def self_signed():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(9))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    return builder.add_extension(names, False).sign(key, hashes.SHA256()), key


DAY = datetime.timedelta(1)


def bad_chain(fault, tmp_path):
    """Returns (server context, authority that the client trusts)."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if fault == "unknown authority":
        return issued().context, issued().der
    if fault == "another name":
        chain = issued(name="example.org")
    elif fault == "expired":
        chain = issued(not_before=now - 9 * DAY, not_after=now - DAY)
    elif fault == "not yet valid":
        chain = issued(not_before=now + 2 * DAY, not_after=now + 9 * DAY)
    else:
        certificate, key = self_signed()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / "own.pem").write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "own.pem")
        return context, issued().der
    return chain.context, chain.der


# what the error must say on MicroPython; CPython has its own words
FAULTS = {
    "unknown authority": ["ca= is not the root"],
    "another name": ["Name", "CN"],
    "expired": ["expired", "clock says"],
    "not yet valid": ["future", "clock says"],
    "self-signed": ["ca= is not the root"],
}
