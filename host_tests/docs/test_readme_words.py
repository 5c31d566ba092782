"""Compares the text of README.md with the code: every name in it, and every figure that the code has."""

import ast
import os
import re
import socket
import subprocess
import sys

import compile_mpy
import pytest
import typer
from edgeingest_tools import cli
from edgeingest_tools.board import contents
from edgeingest_tools.service.app import Settings
from support import heaps, interpreters, readme
from support.checkout import Checkout
from support.interpreters import FIRMWARE, ROOT
from support.service import environment

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
PACKAGE = FIRMWARE / "edgeingest"
HEADERS = (ROOT / "tools" / "edgeingest_tools" / "service" / "headers.py").read_text()
SERVICE = (ROOT / "tools" / "edgeingest_tools" / "service" / "app.py").read_text()
COMMANDS = typer.main.get_command(cli.app).commands
SERVE = {option: each for each in COMMANDS["serve"].params for option in each.opts}


def arguments():
    """Returns {argument: default, as source} of Client and its methods."""
    found = {}
    for function in ast.walk(ast.parse((PACKAGE / "client.py").read_text())):
        if isinstance(function, ast.FunctionDef) and function.args.defaults:
            defaults = [ast.unparse(default) for default in function.args.defaults]
            names = [argument.arg for argument in function.args.args[-len(defaults) :]]
            found |= dict(zip(names, defaults, strict=True))
    return found


# -- names: every inline code has one of these forms; the function checks that the name exists
HERE = {
    r"make ([\w-]+)": lambda name: name in TARGETS,
    r"edgeingest (\w+)": lambda name: name in COMMANDS,
    r"(provision|doctor|monitor|pull|image)": lambda name: name in COMMANDS,
    r"(edgeingest\.der)": lambda name: name == contents.CERTIFICATE.lstrip("/"),
    r"(rejected|damaged)/": lambda name: f'"{name}"' in (PACKAGE / "spool" / "folder.py").read_text(),
    r"(Retry-After)": lambda name: f'"{name.lower()}"' in (PACKAGE / "service_errors.py").read_text(),
    r"(?:.venv/bin/edgeingest serve )?(--[a-z-]+)(?: [\d.]+)?": lambda name: name in SERVE,
    r"(EDGEINGEST_HMAC_KEY)": lambda name: SERVE["--hmac-key"].envvar == name,
    r".venv/bin/edgeingest (--help)": lambda name: True,
    r"((?!my\.py|edgeingest-data|rejected|damaged)[\w/]+/|(?!my\.py)[\w/]+\.(?:py|md))": lambda name: (
        (ROOT / name).exists() or (PACKAGE / name).exists()
    ),
    r"((?:armv|xtensa|rv32)\w+)": lambda name: name in compile_mpy.ARCHITECTURES,
    r"(files|data)": lambda name: f'/api/{{category}}/{name}"' in SERVICE,
    r"(ca|\w+_ms|\w+(?==))(?:=|=True|=Retry\(\))?": lambda name: name in arguments(),
    r"(array|getaddrinfo|extmod/modlwip\.c|ports/esp32/modsocket\.c)": lambda name: True,  # names of MicroPython
    r"(hmac_key)": lambda name: name in arguments(),
    r"edgeingest\.(capture)": lambda name: f"def {name}(" in (PACKAGE / f"{name}.py").read_text(),
    r"edgeingest\.aio\.(\w+)": lambda name: f"class {name}(" in (PACKAGE / "aio.py").read_text(),
    r"edgeingest\.spool\.(\w+)": lambda name: f"class {name}:" in (PACKAGE / "spool" / "__init__.py").read_text(),
    r"edgeingest\.(config|network|sources)": lambda name: (
        (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists()
    ),
    r"(firmware/examples/\w+\.py)": lambda name: (ROOT / name).exists(),
    r"(my\.py|Client\(.+\))": lambda name: True,  # test_readme.py runs them
    r"(edgeingest-data)/": lambda name: SERVE["--dir"].default.name == name,
    r"(ei_)": lambda name: f'startswith("{name}")' in HEADERS,
    r"([-_])": lambda name: f"\\{name}" in HEADERS or name in HEADERS,
    r"(\.mpy)": lambda name: True,
}
ON_BOARD = {
    r"(\w+Error)": "issubclass(getattr(errors, name), errors.IngestError)",
    r"(training|testing|anomaly|split)": "not refused(check_category, name)",
    r"(info\.labels)": "info_labels([{'path': 'a.cbor', 'category': 'training', 'label': 'b'}]).name == name",
    r"client\.(\w+)": "hasattr(Client('ei_', 'http://a'), name)",
    r"Stored\.(\w+)": "hasattr(Stored('a', None, False), name)",
    r"(Wav|Retry)": "hasattr(edgeingest, name)",
    r"(SpoolFull)": "issubclass(getattr(errors, name), errors.IngestError)",
    r"(flush|put|recover|retry_rejected)": "hasattr(Spool, name)",
    r"(repeated)": "hasattr(__import__('edgeingest.spool.flush', None, None, ('Flushed',)).Flushed(*range(8)), name)",
    r"(write)": "hasattr(__import__('socket').socket(), name)",
    r"(status)": "hasattr(errors.ServiceError(''), name)",
}
IMPORTS = """
import edgeingest
from edgeingest import Client, File, Sample, Stored, errors
from edgeingest.files import content_type_of
from edgeingest.ingestion import check_category
from edgeingest.labels import info_labels
from edgeingest.spool import Spool

def refused(function, *values):
    try:
        function(*values)
    except errors.SampleError:
        return True
    return False

"""


@pytest.mark.parametrize("text", readme.code())
def test_inline_code(text, workers):
    for form, true in (HERE | ON_BOARD).items():
        found = re.fullmatch(form, text)
        if found and form in ON_BOARD:
            assert workers("py").run(f"{IMPORTS}result = {true}", name=found[1])
            return
        if found:
            assert true(found[1])
            return
    pytest.fail(f"no test knows what `{text}` of README.md is")


# -- claims: a part of a sentence, and the code that it must agree with
def claimed(*parts):
    for part in parts:
        assert part in readme.prose()


@pytest.mark.parametrize(
    ("part", "true"),
    [
        (
            "1 to 1024 axes",
            "[refused(Sample, [('a', 'N/A')] * n, 1, [[0] * n], 'X') for n in (0, 1, 1024, 1025)]"
            " == [True, False, False, True]",
        ),
        (
            "categories | `training`, `testing`, `anomaly`, `split`",
            "refused(check_category, 'validation')",
        ),
        (
            "CBOR, JSON, CSV, TXT, WAV, JPG, PNG, MP4, AVI, Parquet and label files",
            "not [x for x in 'CBOR JSON CSV TXT WAV JPG PNG MP4 AVI Parquet labels'.split()"
            " if content_type_of('a.' + x) == 'application/octet-stream']",
        ),
        (
            "signed or unsigned CBOR, JSON, CSV, and the binary form for audio",
            "not [x for x in ('cbor', 'json', 'csv', 'binary') for key in (None, 'key')"
            " if not Sample([('a', 'wav')], 1, array('h', [1]), 'X').body(x, key).size]",
        ),
        (
            "JSON and CSV are made twice (size, then bytes) and carry no NaN",
            "[refused(Sample([('a', 'N/A')], 1, array('f', [float('nan')]), 'X').body, x)"
            " for x in ('cbor', 'json', 'csv')] == [False, True, True]",
        ),
    ],
)
def test_claims_about_the_library(part, true, workers):
    claimed(part)
    assert workers("py").run(f"{IMPORTS}from array import array\nresult = {true}") is True


def test_limits_are_checked_before_connecting(workers):
    claimed("files of 100 MiB and more, and more than 1000 files in a request; so does edgeingest, before it connects")
    assert (Settings.max_file_size, Settings.max_files) == (100 << 20, 1000)
    with socket.socket() as closed:  # no server: an upload that passes the checks ends with a NetworkError
        closed.bind(("127.0.0.1", 0))
        source = """
class Large:
    def readinto(self, window):
        return len(window)

def outcome(items):
    try:
        Client("ei_", "http://127.0.0.1:%d" % port).upload("training", items)
    except errors.IngestError as e:
        return type(e).__name__

result = [outcome(File(Large(), "a.cbor", size)) for size in ((100 << 20) - 1, 100 << 20)]
result += [outcome([File(b"1", "%d.cbor" % n) for n in range(count)]) for count in (1000, 1001)]
"""
        outcomes = workers("py").run(IMPORTS + source, port=closed.getsockname()[1])
    assert outcomes == ["NetworkError", "LimitError"] * 2


def test_claims_about_defaults():
    claimed("through one 2 KB buffer", "refusing duplicates (on unless turned off)")
    assert (arguments()["buffer_size"], arguments()["disallow_duplicates"]) == ("2048", "True")
    claimed("connect to port 4810", "Without options it listens on 127.0.0.1 only")
    assert (SERVE["--port"].default, SERVE["--host"].default) == (4810, "127.0.0.1")


def test_claims_about_serve(tmp_path):
    claimed(
        "`--tls` makes a throw-away certificate authority and says where it is",
        "`.venv/bin/edgeingest serve --host 0.0.0.0`",
    )
    command = [sys.executable, "-m", "edgeingest_tools", "serve", "--host", "0.0.0.0", "--tls", "--hmac-key", "key"]
    command += ["--port", "0", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as service:
        lines = [service.stdout.readline().strip() for _ in range(3)]
        service.terminate()
    assert f"Certificate authority: {tmp_path / 'ca.der'}" in lines
    assert (tmp_path / "ca.der").is_file()
    assert lines[2].startswith("Listening on https://0.0.0.0:")


def test_claims_about_interpreters():
    claimed("compiled for six architectures")
    assert len(compile_mpy.ARCHITECTURES) == 6
    first, second, third = (version.rpartition(".")[0] for version in interpreters.WASM.values())
    claimed(f"WebAssembly builds of {first}, {second} and {third} ")
    assert f"WASM_VERSIONS := {' '.join(interpreters.WASM.values())}\n" in MAKEFILE
    claimed("and Python 3.10+ (")
    assert "sys.version_info < (3, 10)" in MAKEFILE
    assert 'requires-python = ">=3.10"' in (ROOT / "tools" / "pyproject.toml").read_text()


@pytest.mark.skipif(
    bool(os.environ.get("MICROPYTHON")), reason="README speaks of the pinned MicroPython, another was given"
)
def test_claims_about_the_pinned_micropython():
    claimed("unix port (1.29 preview, 64-bit)")
    source = "import sys; print(sys.implementation.version, sys.maxsize > 1 << 32)"
    printed = subprocess.check_output([interpreters.micropython(), "-c", source], text=True)
    assert printed.split() == ["(1,", "29,", "0,", "'preview')", "True"]


def test_claims_about_make(tmp_path):
    place = Checkout(tmp_path / "checkout")
    claimed("`make help` lists all targets")
    assert set(re.findall(r"^make ([\w-]+) ", place.run("make help"), re.MULTILINE)) == TARGETS
    claimed("`make check` is what has to pass: lint, types, tests, sizes")
    commands = place.run("make check", "--dry-run", "READY=")
    assert all(tool in commands for tool in ("ruff check", "typecheck.py", "pytest", "size.py"))
    claimed("two commands do everything, set-up included")
    for target, end in (("demo", "demo.py"), ("test", "host_tests")):
        commands = place.run(f"make {target}", "--dry-run", f"VENV={tmp_path / 'new'}")
        assert re.search(rf"(?s)-m venv .*install -q -r .*install .* -e tools.*{end}", commands)


def test_claims_about_heaps():
    claimed(f"upload of 1 MB takes a heap of {heaps.UPLOAD} KB", f"take a heap of {heaps.SPOOL} KB")


def test_claims_about_the_tree():
    claimed("MIT licence", "oracles (cbor2, hmac, h11, python-multipart, aiohttp)")
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")
    tests = "".join(path.read_text() for path in sorted((ROOT / "host_tests").rglob("*.py")))
    for module in ("cbor2", "hmac", "h11", "python_multipart", "aiohttp"):
        assert re.search(rf"^(import|from) {module}\b", tests, re.MULTILINE), module
    claimed("Arguments and their meaning are in")
    spool = "spool/__init__.py"
    for name in ("client.py", "sample.py", "files.py", "labels.py", "errors.py", "body.py", spool, "retry.py"):
        tree = ast.parse((PACKAGE / name).read_text())
        found = [node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        assert [node.name for node in found if not node.name.startswith("_") and not ast.get_docstring(node)] == []
