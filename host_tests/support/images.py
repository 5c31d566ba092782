"""Shared by the tests of `edgeingest image`: the command within this process, which compiles once."""

import contextlib
import functools

import pytest
from edgeingest_tools import cli
from edgeingest_tools.board import contents
from typer.testing import CliRunner


@contextlib.contextmanager
def compiled_once():
    """Caches the output of mpy-cross: every image contains the library, which does not change between them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "compiled", functools.cache(contents.compiled))
        yield


def invoke(*arguments):
    """Runs the command within this process; returns (status, output, error output)."""
    done = CliRunner().invoke(cli.app, ["image", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def maker(folder):
    """make(board, name, *options) runs the command, checks its output, and returns the file that it made."""

    def make(board, name, *options):
        out = folder / name
        status, output, errors = invoke("--board", board, "--out", out, *options)
        assert (status, errors) == (0, "")
        assert f"for {board}; read back and compared\n" in output
        return out

    return make
