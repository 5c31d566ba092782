"""`edgeingest provision`: Wi-Fi, keys and names onto a board, without editing code and without showing a secret.

Secrets are never options, which a shell would remember: they come from prompts without echo, a file or the environment.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import certifi
import typer
from rich.console import Console

from edgeingest_tools import roots
from edgeingest_tools.board import facts, settings
from edgeingest_tools.board.link import BoardError, DeviceError, Link, choose
from edgeingest_tools.board.settings import Settings

CONFIG, ROOT = "/edgeingest.json", "/edgeingest.der"
_TIMEOUT_S = 10
_QUESTIONS = {
    "wifi_ssid": "Wi-Fi network (empty: none)",
    "wifi_password": "Wi-Fi password (empty: open network)",
    "api_key": "API key of the project (dashboard, Keys)",
    "hmac_key": "HMAC key (empty: samples are not signed)",
    "url": f"Service (empty: {settings.SERVICE})",
    "label": "Label of the samples (empty: from their names)",
    "device_name": "Name of this device (empty: none)",
}


def provision(
    port: Annotated[str | None, typer.Option(help="Serial port of the board; none: the only one at USB.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="TOML file with the keys; none: environment, then questions.")
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Connect to the host to see which root certificate it has.")
    ] = False,
    bundle: Annotated[Path | None, typer.Option(help="PEM file with trusted roots; none: those of certifi.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Show what is on the board, without secrets.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Remove configuration and certificate from the board.")
    ] = False,
) -> None:
    """Put Wi-Fi, keys and names onto a board, in /edgeingest.json; EDGEINGEST_API_KEY and the like are read, too."""
    if show and erase or (show or erase) and (file or fetch or bundle):
        raise BoardError("--show and --erase stand alone")
    console = Console(highlight=False)
    where = choose(port)
    if show or erase:
        with Link(where) as link:
            (_show if show else _erase)(link, console)
        return
    wanted = _gathered(file)
    der = _root(wanted, fetch, bundle) if wanted.https else None
    with Link(where) as link:
        _put(link, wanted, der)
    for name, value in settings.masked(wanted.for_board()).items():
        console.print(f"{name:13} {value}", markup=False)
    if der:
        for what, text in roots.describe(der)[:2]:
            console.print(f"certificate   {what} {text}", markup=False)
    console.print(f"[green]{where} has its configuration[/green]; `edgeingest doctor` tries it out")


def _gathered(file: Path | None) -> Settings:
    """From the file, or the environment, or a person; a file's keys are completed by the environment's."""
    found: dict[str, Any] = settings.from_environment()
    if file:
        return settings.checked({**found, **settings.from_file(file)}, str(file))
    if "api_key" not in found and sys.stdin.isatty():
        found.update(_asked(found))
    where = "provision" if "api_key" in found else "give --file, or EDGEINGEST_API_KEY in the environment"
    return settings.checked(found, where)


def _asked(found: dict[str, Any]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for name, question in _QUESTIONS.items():
        if name in found or (name == "wifi_password" and not answers.get("wifi_ssid", found.get("wifi_ssid"))):
            continue
        while True:
            secret = name in settings.SECRETS
            answer = typer.prompt(question, default="", show_default=False, hide_input=secret).strip()
            if answer or name != "api_key":
                break
        if answer:
            answers[name] = answer
    return answers


def _root(wanted: Settings, fetch: bool, bundle: Path | None) -> bytes:
    """The DER of the root that verifies the host: a file of the user's, or looked up when that is allowed."""
    if wanted.ca:
        return _certificate(Path(wanted.ca))
    host, port = roots.split_host(wanted.url)
    if not fetch and sys.stdin.isatty():
        fetch = typer.confirm(f"Connect to {host}:{port} now, to see which root certificate it has?", default=True)
    if not fetch:
        raise BoardError(
            f"{wanted.url} needs a root certificate on the board: --fetch connects to {host}:{port} once and takes the "
            "one of certifi's roots that verifies it; or name a certificate file as `ca`"
        )
    try:
        return roots.root_for(host, port, bundle or Path(certifi.where()), _TIMEOUT_S)
    except roots.RootError as error:
        raise BoardError(str(error)) from None


def _certificate(path: Path) -> bytes:
    """A certificate file, PEM or DER, as DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        data = path.read_bytes()
        pem = b"-----BEGIN CERTIFICATE-----" in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    except OSError as error:
        raise BoardError(f"ca: cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise BoardError(f"ca: {path} is no certificate, PEM or DER") from None
    return certificate.public_bytes(Encoding.DER)


def _put(link: Link, wanted: Settings, der: bytes | None) -> None:
    """The certificate first: a configuration never names one that is not there. Each is renamed into place."""
    values = wanted.for_board()
    values.pop("ca", None)
    root = facts.ask(link).root
    link.load("files")
    if der:
        values["ca"] = root + ROOT
        _replace(link, root + ROOT, der)
    _replace(link, root + CONFIG, settings.as_json(values))


def _replace(link: Link, path: str, data: bytes) -> None:
    try:
        link.write(path + ".new", data)
        if link.read(path + ".new") != data:
            raise BoardError(f"{path} did not arrive as it was sent: check the cable, then run this again")
        link.run(f"replace({path + '.new'!r}, {path!r})")
    except DeviceError as error:
        # The code on the board is part of its traceback, and secrets are part of that code.
        raise BoardError(f"the board could not write {path}: {error}; is its file system full?") from None


def on_board(link: Link) -> dict[str, Any] | None:
    """The configuration on a board, with its secrets, or None."""
    path = facts.ask(link).root + CONFIG
    link.load("files")
    if not link.call(f"exists({path!r})"):
        return None
    try:
        found = json.loads(link.read(path))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BoardError(f"{path} on the board is no JSON object: provision it anew, or remove it with --erase")
    return found


def _show(link: Link, console: Console) -> None:
    found = on_board(link)
    if found is None:
        raise BoardError(f"there is no {CONFIG} on the board: `edgeingest provision` puts it there")
    for name, value in settings.masked(found).items():
        console.print(f"{name:13} {value}", markup=False)


def _erase(link: Link, console: Console) -> None:
    root = facts.ask(link).root
    link.load("files")
    for path in (CONFIG, ROOT, CONFIG + ".new", ROOT + ".new"):
        link.run(f"remove({root + path!r})")
    console.print("configuration and certificate are off the board")
