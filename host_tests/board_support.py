"""What the tests of the commands for boards share: the command line on a simulated board, and looks at the board."""

import hashlib
import subprocess
import sys

from edgeingest_tools.board import facts
from edgeingest_tools.board.link import Link
from service_support import environment


def edgeingest(board, *words, good=True, env=None, stdin=None):
    """Runs `edgeingest` on the board; what it printed, or its error."""
    command = [sys.executable, "-m", "edgeingest_tools", *words, "--port", board.port]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**environment(), **(env or {})},
        **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
    )
    assert (done.returncode == 0) is good, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
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
