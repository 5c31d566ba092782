"""Puts the commands for boards into the command line."""

import functools
from collections.abc import Callable

import typer

from edgeingest_tools.board import deploy, doctor, image, listing, monitor, provision, pull, simulate
from edgeingest_tools.board.link import BoardError
from edgeingest_tools.firmware import CompileError
from edgeingest_tools.micropython import Missing


def _told(command: Callable[..., None]) -> Callable[..., None]:
    """The command with its errors as one line."""

    @functools.wraps(command)
    def run(*arguments: object, **named: object) -> None:
        try:
            command(*arguments, **named)
        except (BoardError, CompileError, Missing) as error:
            typer.echo(f"edgeingest: {error}", err=True)
            raise typer.Exit(1) from None

    return run


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
    for command in _COMMANDS:
        app.command()(_told(command))
