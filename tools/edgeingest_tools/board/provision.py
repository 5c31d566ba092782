"""`edgeingest provision`: puts Wi-Fi, keys and names on a board, without editing code or showing a secret.

A secret is never an option, because shells keep a history: it comes from a prompt without echo, a file or the
environment.
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
from edgeingest_tools.board.contents import CERTIFICATE, CONFIGURATION, der
from edgeingest_tools.board.link import BoardError, DeviceError, Link, choose
from edgeingest_tools.board.settings import Settings

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
    port: Annotated[str | None, typer.Option(help="Serial port of the board; default: the only one on USB.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="TOML file with the settings; default: environment, then questions.")
    ] = None,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Connect to the service to find its root certificate.")
    ] = False,
    bundle: Annotated[Path | None, typer.Option(help="PEM file with trusted roots; default: those of certifi.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the settings on the board, without secrets.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Remove configuration and certificate from the board.")
    ] = False,
) -> None:
    """Put Wi-Fi, keys and names onto a board, in /edgeingest.json; EDGEINGEST_API_KEY and the like are read, too."""
    if show and erase or (show or erase) and (file or fetch or bundle):
        raise BoardError("--show and --erase stand alone")
    console = Console(highlight=False)
    with Link(choose(port)) as link:  # before the questions, in case that no board is connected
        if show or erase:
            (_show if show else _erase)(link, console)
            return
        info = facts.ask(link)
        wanted = _gather(file, info.network)
        # For a board without network, `pull` connects to the service and has the usual roots.
        root = _root(wanted, fetch, bundle) if wanted.https and (info.network or wanted.ca) else None
        _put(link, info.root, wanted, root)
    for name, value in settings.masked(wanted.for_board()).items():
        console.print(f"{name:13} {value}", markup=False)
    if root:
        for name, text in roots.describe(root)[:2]:
            console.print(f"certificate   {name} {text}", markup=False)
    next_step = "`edgeingest doctor` tries it out" if info.network else "`edgeingest pull` sends what it keeps"
    console.print(f"[green]{link.port} has its configuration[/green]; {next_step}")


def _gather(file: Path | None, network: bool) -> Settings:
    """Returns the settings of the file, completed from the environment; without a file, asks for what is missing.

    Raises BoardError.
    """
    found: dict[str, Any] = settings.from_environment()
    if file:
        return settings.checked({**found, **settings.from_file(file)}, str(file))
    if "api_key" not in found and sys.stdin.isatty():
        found.update(_answers(found, network))
    where = "provision" if "api_key" in found else "give --file, or EDGEINGEST_API_KEY in the environment"
    return settings.checked(found, where)


def _answers(found: dict[str, Any], network: bool) -> dict[str, str]:
    """Asks for the settings that were not found and returns the answers; repeats a question after a wrong answer."""
    answers: dict[str, str] = {}
    for name, question in _QUESTIONS.items():
        if name in found or (name.startswith("wifi") and not network):
            continue
        if name == "wifi_password" and not answers.get("wifi_ssid", found.get("wifi_ssid")):
            continue
        while True:
            secret = name in settings.SECRETS
            answer = typer.prompt(question, default="", show_default=False, hide_input=secret).strip()
            if not answer and name != "api_key":
                break
            errors = settings.errors({"api_key": "ei_", name: answer})
            if not errors:
                answers[name] = answer
                break
            typer.echo(errors[0])
    return answers


def _root(wanted: Settings, fetch: bool, bundle: Path | None) -> bytes:
    """Returns the root that verifies the host, as DER: the user's file, or by connecting if the user allows it.

    Raises BoardError.
    """
    if wanted.ca:
        return der(Path(wanted.ca))
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


def _put(link: Link, place: str, wanted: Settings, root: bytes | None) -> None:
    """Writes the certificate, then the configuration, which names it; each is renamed into place."""
    values = wanted.for_board()
    values.pop("ca", None)
    link.load("files")
    if root:
        values["ca"] = place + CERTIFICATE
        _replace(link, place + CERTIFICATE, root)
    _replace(link, place + CONFIGURATION, settings.as_json(values))


def _replace(link: Link, path: str, data: bytes) -> None:
    try:
        link.write(path + ".new", data)
        if link.read(path + ".new") != data:
            raise BoardError(f"{path} did not arrive as it was sent: check the cable, then run this again")
        link.run(f"replace({path + '.new'!r}, {path!r})")
    except DeviceError as error:
        # The traceback contains code, and that code contains secrets.
        raise BoardError(f"the board could not write {path}: {error}; is its file system full?") from None


def on_board(link: Link) -> dict[str, Any] | None:
    """Returns the configuration on a board, with its secrets, or None. Raises BoardError."""
    path = facts.ask(link).root + CONFIGURATION
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
        raise BoardError(f"there is no {CONFIGURATION} on the board: `edgeingest provision` puts it there")
    for name, value in settings.masked(found).items():
        console.print(f"{name:13} {value}", markup=False)


def _erase(link: Link, console: Console) -> None:
    root = facts.ask(link).root
    link.load("files")
    for path in (CONFIGURATION, CERTIFICATE, CONFIGURATION + ".new", CERTIFICATE + ".new"):
        link.run(f"remove({root + path!r})")
    console.print("configuration and certificate are off the board")
