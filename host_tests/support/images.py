"""Shared by the tests of `edgeingest image`: the command within this process, which compiles once."""

import contextlib
import functools

import pytest
from edgeingest_tools import cli
from edgeingest_tools.board import catalogue, contents
from typer.testing import CliRunner


@contextlib.contextmanager
def compiled_once():
    """Caches the output of mpy-cross: every image contains the library, which does not change between them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(contents, "compiled", functools.cache(contents.compiled))
        yield


FLASH = {"ESP32_GENERIC_S3": 8}  # MB, of boards of port esp32; others have 4


def place(board):
    """Returns where the tests have the files of a board: with MicroPython 1.26.1."""
    return board.place("1.26.1", "", FLASH.get(board.name, 4) << 20 if board.port == "esp32" else None)


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
        which = []
        if catalogue.load(board).port == "esp32":
            which = ["--firmware", "1.26.1", "--flash-size", f"{FLASH.get(board, 4)}MB"]
        status, output, errors = invoke("--board", board, "--out", out, *which, *options)
        assert (status, errors) == (0, "")
        assert f"for {board}; read back and compared\n" in output
        return out

    return make
