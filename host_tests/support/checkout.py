"""A copy of the project, in which the commands of a document run unchanged and without effect on other tests."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from . import interpreters
from .interpreters import ROOT

_PARTS = ("boards", "firmware", "tools")
_NOT_INHERITED = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MICROPYPATH", "FORCE_COLOR", "TTY_COMPATIBLE")


class Checkout:
    def __init__(self, folder: Path):
        self.folder = folder
        for part in _PARTS:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        shutil.copyfile(ROOT / "Makefile", folder / "Makefile")
        (folder / ".venv").symlink_to(sys.prefix)
        self._variables = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
        self._variables |= {
            "MICROPYTHON": interpreters.micropython(),
            "PYTHONPATH": str(folder / "tools"),  # .venv has the tools of the original
            "PYTHONUTF8": "1",
            "HOME": str(folder),  # no user settings of mpremote
            "XDG_CONFIG_HOME": str(folder),
        }

    def run(self, command: str, *more: str, paths: tuple[str, ...] = (), **variables: str) -> str:
        """Runs a command, which must succeed, with `more` arguments; returns its output. `paths` are for Python."""
        words = [*shlex.split(command), *more]
        if words[0] == "make" and "--dry-run" not in words:
            words.append("READY=")  # set-up is done; another one would change the .venv that is in use
        python = os.pathsep.join([*paths, self._variables["PYTHONPATH"]])
        variables = self._variables | {"PYTHONPATH": python} | variables
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        if done.returncode:
            raise AssertionError(f"{shlex.join(words)}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout
