"""Shared by the tests of the commands for boards: the command line on a simulated board, and its files."""

import hashlib

from edgeingest_tools.board import facts
from edgeingest_tools.board.link import Link
from edgeingest_tools.cli import app
from typer.testing import CliRunner

# For captures on a board: this clock advances only when it is read, so that no row is late on a busy computer.
CLOCK = """
class Clock:
    now = 0

    def ticks_us(self):
        self.now += 50
        return self.now

    def ticks_ms(self):
        return self.now // 1000

    def sleep_ms(self, ms):
        self.now += 1000 * ms

    def ticks_diff(self, end, start):
        return end - start

    def ticks_add(self, start, us):
        return start + us
"""


def edgeingest(board, *words, good=True, env=None):
    """Runs `edgeingest` on the board, in this process for speed; returns its output, or its error output."""
    done = CliRunner().invoke(app, [*words, "--port", board.port], env=env or {}, prog_name="edgeingest")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert (done.exit_code == 0) is good, done.stdout + done.stderr
    return done.stdout if good else done.stderr


def run(board, code):
    """Runs code on the board after a soft reset."""
    with Link(board.port, restart=False) as link:
        return link.run(code)


def hashes(board, folder):
    """{path below the folder: SHA-256} of the files on the board."""
    with Link(board.port, restart=False) as link:
        link.load("files")
        return dict(link.lines(f"hashes({folder!r})"))


def hashed(files):
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def about(board):
    with Link(board.port, restart=False) as link:
        return facts.ask(link)
