"""Adds the commands for boards to the command line."""

import functools
from collections.abc import Callable

import typer

from edgeingest_tools.board import deploy, doctor, image, listing, monitor, provision, pull, simulate
from edgeingest_tools.board.catalogue import CatalogueError
from edgeingest_tools.board.link import BoardError
from edgeingest_tools.firmware import CompileError
from edgeingest_tools.micropython import Missing
from edgeingest_tools.roots import RootError


def _with_error_texts(command: Callable[..., None]) -> Callable[..., None]:
    """Returns the command, with its errors printed as one line."""

    @functools.wraps(command)
    def run(*arguments: object, **named: object) -> None:
        try:
            command(*arguments, **named)
        except (BoardError, CatalogueError, CompileError, Missing, RootError) as error:
            raise _failure(str(error)) from None
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise  # the program that reads the output has closed the pipe
            if error.filename is None:
                raise _failure(f"this computer refused: {error.strerror or error}") from None
            raise _failure(f"cannot use {error.filename}: {error.strerror}; give another file or folder") from None

    return run


def _failure(text: str) -> typer.Exit:
    typer.echo(f"edgeingest: {text}", err=True)
    return typer.Exit(1)


_COMMANDS = (
    listing.boards,
    deploy.deploy,
    provision.provision,
    doctor.doctor,
    image.image,
    monitor.monitor,
    pull.pull,
    simulate.simulate,
)


def register(app: typer.Typer) -> None:
    """Adds all commands for boards to the command line."""
    for command in _COMMANDS:
        app.command()(_with_error_texts(command))
