"""The `edgeingest` command: serve, list, show, ca; and the commands for boards."""

import asyncio
import errno
import io
import logging
import socket
import sys
from pathlib import Path
from typing import Annotated

import certifi
import typer
from rich.console import Console

from edgeingest_tools import roots
from edgeingest_tools.board import commands
from edgeingest_tools.service import show, store

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_Directory = Annotated[Path, typer.Option("--dir", help="Folder with the files and their index.")]
_DEFAULT_DIRECTORY = Path("edgeingest-data")
# When the output is not a terminal, tables get this width, so that nothing is cut.
_PIPED_WIDTH = 240


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets boards in your network connect.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free port.")] = 4810,
    directory: _Directory = _DEFAULT_DIRECTORY,
    api_key: Annotated[
        list[str] | None,
        typer.Option(help="Accepted key, repeatable; default: any ei_... key.", envvar="EDGEINGEST_API_KEY"),
    ] = None,
    hmac_key: Annotated[
        str | None,
        typer.Option(help="HMAC key to verify signatures with; default: no check.", envvar="EDGEINGEST_HMAC_KEY"),
    ] = None,
    list_labels: Annotated[
        bool, typer.Option("--list-labels", help="List label files in the results of /files.")
    ] = False,
    tls: Annotated[
        bool,
        typer.Option("--tls", help="Serve HTTPS with a test certificate authority (ca.pem and ca.der in DIR)."),
    ] = False,
) -> None:
    """Run a local ingestion service with Edge Impulse's API, strict about its rules."""
    # Imported here because the import is slow and the other commands do not need it.
    from edgeingest_tools.service import server
    from edgeingest_tools.service.app import Settings

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    settings = Settings(directory, tuple(api_key or ()), hmac_key, list_labels)
    try:
        context = None
        if tls:
            from edgeingest_tools.service import certificates

            hosts = [server.own_address() or "localhost"] if host in server.WILDCARDS else [host]
            context = certificates.server_context(directory, hosts)
            for name in (certificates.CA_PEM, certificates.CA_DER):
                print(f"Certificate authority: {directory / name}", flush=True)
        asyncio.run(server.run(settings, host, port, context))
    except store.StoreError as error:
        raise _failure(str(error)) from None
    except OSError as error:
        raise _failure(_cannot_serve(host, port, error)) from None


@app.command("list")
def list_samples(directory: _Directory = _DEFAULT_DIRECTORY) -> None:
    """Show a table of all stored samples."""
    try:
        rows = store.samples(directory)
    except store.StoreError as error:
        raise _failure(str(error)) from None
    if rows:
        console = _console()
        console.print(show.table(rows, console.width))
    else:
        print(f"Nothing is stored in {directory} yet.")


@app.command("show")
def show_sample(
    name_or_id: Annotated[str, typer.Argument(help="A sample's id or name, as `edgeingest list` shows them.")],
    directory: _Directory = _DEFAULT_DIRECTORY,
) -> None:
    """Show one sample decoded: sensors, rate, label, signature, metadata, and a chart per axis."""
    try:
        show.sample(show.find(store.samples(directory), name_or_id), directory, _console())
    except store.StoreError as error:
        raise _failure(str(error)) from None


@app.command()
def ca(
    host: Annotated[str, typer.Argument(help="HOST, HOST:PORT or [IPV6]:PORT of an HTTPS server.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the certificate (DER).")],
    bundle: Annotated[Path | None, typer.Option(help="PEM file with trusted roots; default: those of certifi.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the connection.")] = 10.0,
) -> None:
    """Save the root certificate that a board needs to verify a host."""
    try:
        host_name, port = roots.split_host(host)
        der = roots.root_for(host_name, port, bundle or Path(certifi.where()), timeout)
        output.write_bytes(der)
    except roots.RootError as error:
        raise _failure(str(error)) from None
    except OSError as error:
        raise _failure(f"cannot write {output}: {error.strerror}; give another file with -o") from None
    for name, text in roots.describe(der):
        print(f"{name:8} {text}")
    print(f"{'written':8} {output}")


commands.register(app)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)


def _cannot_serve(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: give another --port"
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return f"--host {host} is no address of this computer: give one that is, or 0.0.0.0 for all"
    return f"cannot serve on {host}:{port}: {error}; give another --host, --port or --dir"


def _failure(text: str) -> typer.Exit:
    typer.echo(f"edgeingest: {text}", err=True)
    return typer.Exit(1)


def main() -> None:
    """Runs the `edgeingest` command: the entry point of the package."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # print a question mark when the terminal has no UTF-8
    app(prog_name="edgeingest")
