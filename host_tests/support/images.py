"""What the tests of `edgeingest image` share: the command within this process, compiling once."""

import contextlib
import functools

import pytest
from edgeingest_tools import cli
from edgeingest_tools.board import contents
from typer.testing import CliRunner


@contextlib.contextmanager
def compiled_once():
    """Every image has the library in it; what mpy-cross makes of it does not change between them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "compiled", functools.cache(contents.compiled))
        yield


def invoke(*arguments):
    """Runs the command within this process: (status, what it said, what it complained about)."""
    done = CliRunner().invoke(cli.app, ["image", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def maker(folder):
    """make(board, name, *options): the file in the folder that the command made, which said so."""

    def make(board, name, *options):
        out = folder / name
        status, said, complaint = invoke("--board", board, "--out", out, *options)
        assert (status, complaint) == (0, "")
        assert f"for {board}; read back and compared\n" in said
        return out

    return make
