"""Weak TLS and wrong clocks: the error names the reason, and no byte of the request is sent."""

import datetime
import re
import ssl
import warnings

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from support.chains import DAY, issued
from support.device_source import device_source
from support.faults import API_KEY, HMAC_KEY
from support.peer import answering, peer
from support.worker import DeviceError

BOARD = pytest.mark.modes("mpy")
SEND = """
from edgeingest import Client, Retry, Sample
sample = Sample((("a", "m"),), 10, [1.5, 2.5], "UNIX")
retry = Retry(attempts=3, base_ms=1) if again else None
with Client(key, url=url, ca=ca, hmac_key=hmac_key, timeout_ms=5000, retry=retry) as client:
    result = client.send("training", sample).file_name
"""


def refused(worker, context, ca, again=False):
    """Returns the error of a call to this server; checks that the server got only the handshake."""
    with peer(answering(), context) as made, pytest.raises(DeviceError) as caught:
        url = f"https://localhost:{made.port}"
        worker.run(SEND, url=url, ca=ca, key=API_KEY, hmac_key=HMAC_KEY, again=again)
    error = caught.value
    assert [bytes(connection.received) for connection in made.connections] == [b""]  # one attempt
    assert error.sent == 0
    output = error.text + error.trace + repr(error.attributes) + worker.output()
    assert API_KEY[3:9] not in output and HMAC_KEY[:6] not in output
    return error


def limited(chain, ciphers, most):
    """Returns the server context of the chain, limited to this version and these ciphers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that these are outdated
        chain.context.minimum_version = ssl.TLSVersion.TLSv1
        chain.context.maximum_version = most
    chain.context.set_ciphers(ciphers + ":@SECLEVEL=0")
    return chain


DOWNGRADES = {
    "TLS 1.0": ("ALL", "TLSv1", "its TLS is older than 1.2"),
    "TLS 1.1": ("ALL", "TLSv1_1", "its TLS is older than 1.2"),
    "no encryption": ("eNULL", "TLSv1_2", "no version or cipher of TLS in common"),
    "no certificate": ("aNULL", "TLSv1_2", "no version or cipher of TLS in common"),
}


@BOARD
@pytest.mark.parametrize("name", DOWNGRADES)
def test_downgrades_are_refused_by_name(worker, name):
    ciphers, most, words = DOWNGRADES[name]
    try:
        chain = limited(issued(), ciphers, ssl.TLSVersion[most])
    except ssl.SSLError as error:
        pytest.skip(f"this computer's OpenSSL cannot even serve it: {error.reason}")
    error = refused(worker, chain.context, chain.der)
    assert error.type == "NetworkError"
    assert words in error.text


# `time` of a board that was just switched on. mbedTLS asks the clock of the system, so the certificate is valid from
# tomorrow on: every certificate looks so to such a board.
TIME = """
from utime import *
def gmtime(*seconds):
    return seconds and __import__("utime").gmtime(*seconds) or (%d, 1, 1, 0, 0, 9, 5, 1)
"""


@pytest.mark.parametrize("year", [1970, 2000])
def test_a_clock_that_was_never_set(workers, tmp_path_factory, year):
    folder = tmp_path_factory.mktemp("clock")
    (folder / "time.py").write_text(TIME % year)
    now = datetime.datetime.now(datetime.timezone.utc)
    chain = issued(not_before=now + DAY, not_after=now + 9 * DAY)
    error = refused(workers("mpy", paths=[folder]), chain.context, chain.der)
    assert error.type == "CertificateError"
    assert f"the board's clock says {year}-01-01; if that is wrong, set it" in error.text


def certificate(name, key, issuer, issuer_key, authority=False, names=("localhost",)):
    """Returns a certificate that trustme cannot make."""
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer, subject(name), key.public_key(), x509.random_serial_number(), now - DAY, now + 9 * DAY
    )
    builder = builder.add_extension(x509.BasicConstraints(authority, None), True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), False)
    return builder.sign(issuer_key, hashes.SHA256())


def subject(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def serving(folder, key, *certificates):
    """Returns a server context that presents these certificates."""
    pem = key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "own.pem").write_bytes(pem + b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(folder / "own.pem")
    return context


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def forged(fault, folder):
    """Returns (server context, the root that the client trusts) of an attack on the connection."""
    root_key, other_key, key = new_key(), new_key(), new_key()
    root = certificate("root", root_key, subject("root"), root_key, authority=True, names=())
    der = root.public_bytes(Encoding.DER)

    def leaf(name="localhost", key=key, **options):
        return certificate(name, key, subject("root"), root_key, **options)

    if fault == "signed by a server":  # its own certificate is valid
        other = leaf("example.org", other_key, names=("example.org",))
        mine = certificate("localhost", key, subject("example.org"), other_key)
        return serving(folder, key, mine, other), der
    if fault == "signed in the root's name":
        mine = certificate("localhost", key, subject("root"), other_key)
        return serving(folder, key, mine), der
    if fault == "intermediate left out":
        trusted = trustme.CA()
        chain = trusted.create_child_ca().issue_cert("localhost")
        (folder / "own.pem").write_bytes(chain.private_key_pem.bytes() + chain.cert_chain_pems[0].bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "own.pem")
        return context, ssl.PEM_cert_to_DER_cert(trusted.cert_pem.bytes().decode())
    if fault == "RSA of 1024 bits":
        weak = rsa.generate_private_key(65537, 1024)
        return serving(folder, weak, leaf(key=weak)), der
    return serving(folder, key, leaf("example.org", names=(fault,))), der


FORGED = {
    "signed by a server": "ca= is not the root",
    "signed in the root's name": "ca= is not the root",
    "intermediate left out": "ca= is not the root",
    "RSA of 1024 bits": "key",
    # names that are almost the right one
    "localhost.example.org": "Name",
    "example.org.localhost": "Name",
    "*.localhost": "Name",
    "*": "Name",
    "localhos": "Name",
    "localhostt": "Name",
    "127.0.0.1": "Name",
}


@BOARD
@pytest.mark.parametrize("fault", FORGED)
def test_forged_certificates_are_refused_by_name(worker, fault, tmp_path):
    context, ca = forged(fault, tmp_path)
    error = refused(worker, context, ca)
    assert error.type == "CertificateError", error
    assert "localhost" in error.text and "did not prove who it is" in error.text
    assert FORGED[fault] in error.text


# ENOMEM as MicroPython's `wrap_socket` says it, and mbedTLS's numbers: of TLS, X.509, keys, curves; of a large number
# within RSA, and of ASN.1 within a certificate. None: a MemoryError of MicroPython itself.
NO_MEMORY = [12, -0x7F00, -0x2880, -0x3F80, -0x4D80, -0x4290, -0x21EA, -141, None]
PLACES = [(number, place) for number in NO_MEMORY for place in ("wrap_socket", "handshake")]
PLACES.remove((None, "handshake"))  # there mbedTLS allocates, and has its own number


@BOARD
@pytest.mark.parametrize("words", [True, False], ids=["", "without memory for words"])
@pytest.mark.parametrize(("number", "place"), PLACES)
def test_tls_without_memory_is_not_tried_again_at_once(worker, number, place, words):
    device = worker.define(device_source("faults/tls_memory_device"))
    with peer(lambda made, connection, number: connection.until_closed()) as made:
        url = f"https://127.0.0.1:{made.port}"
        kind, errno, text, again, free = device.without_memory(url, number, place == "handshake", words)
    assert (kind, errno, again) == ("NetworkError", -0x7F00, False), text
    assert len(made.connections) == 1
    if words:
        found = int(re.search(r"(\d+) bytes of heap are free", text)[1])
        assert abs(found - free) < 20_000
        assert all(advice in text for advice in ("import", "gc.collect()", "windows", "ROM")), text


@BOARD
@pytest.mark.parametrize("number", [-0x7200, -0x7780, -0x50, 104])
def test_other_failures_of_tls_are_no_lack_of_memory(worker, number):
    device = worker.define(device_source("faults/tls_memory_device"))
    with peer(lambda made, connection, number: connection.until_closed()) as made:
        url = f"https://127.0.0.1:{made.port}"
        kind, errno, text, again, _ = device.without_memory(url, number, True)
    assert (kind, errno, again) == ("NetworkError", number, True) and "heap" not in text
    assert len(made.connections) == 3


def chained(fault, folder):
    """Returns (server context, the root that the client trusts) of a chain that breaks one rule of RFC 5280."""
    now = datetime.datetime.now(datetime.timezone.utc)
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x04\x01x")
    elsewhere = x509.NameConstraints([x509.DNSName("example.org")], None)
    of_leaf = {
        "for clients only": (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        "for clients only, critical": (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), True),
        "for code only": (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), True),
        "unknown critical extension": (unknown, True),
    }
    of_issuer = {
        "issuer with an unknown critical extension": (unknown, True),
        "names constrained, critical": (elsewhere, True),
        "issuer not for certificates": (_usage(digital_signature=True), True),
        "issuer for clients only": (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), True),
    }
    length = {"path length exceeded": 2}.get(fault, 12 if fault == "chain too deep" else 1)
    issuer, issuer_key = subject("root"), new_key()
    names = [*[f"authority {i}" for i in range(length)], "localhost"]
    certificates = []
    for name in ["root", *names]:
        key = issuer_key if name == "root" else new_key()
        is_leaf = name == "localhost"
        limit = 0 if fault == "path length exceeded" and name == "root" else None
        builder = x509.CertificateBuilder(
            issuer, subject(name), key.public_key(), x509.random_serial_number(), now - DAY, now + 9 * DAY
        )
        builder = builder.add_extension(x509.BasicConstraints(not is_leaf, None if is_leaf else limit), True)
        if is_leaf:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        extension = of_leaf.get(fault) if is_leaf else of_issuer.get(fault) if name != "root" else None
        if extension:
            builder = builder.add_extension(*extension)
        certificates.append(builder.sign(issuer_key, hashes.SHA256()))
        issuer, issuer_key = subject(name), key
    return serving(folder, key, *certificates[:0:-1]), certificates[0].public_bytes(Encoding.DER)


def _usage(**used):
    """Returns the extension of key usage with these uses."""
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    )
    uses = dict.fromkeys([*names.split(), "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(**{**uses, **used})


CHAINED = [
    "for clients only",
    "for clients only, critical",
    "for code only",
    "unknown critical extension",
    "issuer with an unknown critical extension",
    "names constrained, critical",
    "issuer not for certificates",
    "path length exceeded",
    "chain too deep",
]


@BOARD
@pytest.mark.parametrize("fault", CHAINED)
def test_chains_that_break_a_rule_are_certificate_errors(worker, fault, tmp_path):
    """Whatever mbedTLS calls it: another attempt would not help, so none is made."""
    context, ca = chained(fault, tmp_path)
    error = refused(worker, context, ca, again=True)  # of one connection: see refused
    assert error.type == "CertificateError", error
    assert "did not prove who it is" in error.text


@BOARD
def test_the_chain_without_a_fault_is_accepted(worker, tmp_path):
    context, ca = chained(None, tmp_path)
    with peer(answering(), context) as made:
        url = f"https://localhost:{made.port}"
        assert worker.run(SEND, url=url, ca=ca, key=API_KEY, hmac_key=HMAC_KEY, again=False) == "stored.cbor"
