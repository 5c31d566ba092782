"""firmware/edgeingest/__init__.pyi: up to date; with it a type checker knows the public names, and no others."""

import os
import subprocess
import sys

import module_imports
import pytest
import stub
from support.interpreters import FIRMWARE

PROGRAM = """
import edgeingest
from edgeingest import {names}

reveal_type(Client)
with Client("ei_") as client:
    reveal_type(client)
client.uplaod
edgeingest.verdicts
edgeingest.octets
"""


def test_it_is_up_to_date():
    assert stub.STUB.read_text() == stub.text(), "stale: run `make docs`"


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """The output of mypy for PROGRAM."""
    folder = tmp_path_factory.mktemp("stub")
    names = [*module_imports.public(), *stub.errors()]
    (folder / "program.py").write_text(PROGRAM.format(names=", ".join(names)))
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--follow-imports=silent",
        "--ignore-missing-imports",
        "--no-error-summary",
    ]
    done = subprocess.run(
        [*command, f"--cache-dir={folder / 'cache'}", "program.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(FIRMWARE)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_the_types_of_names_are_known(output):
    assert output.count("Revealed type") == 2
    assert "def (api_key: Any" in output and "-> edgeingest.client.Client" in output
    assert 'Revealed type is "edgeingest.client.Client"' in output


@pytest.mark.parametrize("name", ["uplaod", "verdicts", "octets"])
def test_a_name_that_is_not_public_is_an_error(output, name):
    assert f'has no attribute "{name}"' in output


def test_the_public_names_are_found(output):
    assert "cannot find" not in output.lower() and output.count("error:") == 3
