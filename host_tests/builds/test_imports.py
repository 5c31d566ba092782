"""Layers of the firmware: the imports that each module may have, the modules that may do I/O, forbidden statements."""

import ast
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.interpreters import FIRMWARE

PACKAGE = FIRMWARE / "edgeingest"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.glob("**/*.py"))

# module -> modules that it may import, besides errors, validate and body, which all but the LOWEST may; no cycles.
# Either each module of a package has an entry, "package.module", or all have that of the package.
LAYERS = {
    "client": {
        "connection",
        "http",
        "ingestion",
        "lwip_connection",
        "service_errors",
        "sharing",
        "signing",
        "tls",
        "transport",
        "upload",
        "url",
    },
    "aio": {"client", "connection"},
    "upload": {"ingestion", "multipart", "service_errors"},
    "multipart": {"boundary", "ingestion", "service_errors", "signing"},
    "boundary": set(),
    "connection": {"http", "network_errors", "service_errors", "transport"},
    "lwip_connection": {"connection", "transport"},
    "transport": {"import_errors"},
    "sharing": set(),
    "network_errors": set(),
    "spool": {
        "http",
        "ingestion",
        "sample",
        "spool.flush",
        "spool.folder",
        "spool.format",
        "spool.recording",
        "spool.recovery",
    },
    "spool.flush": {"spool.folder", "spool.format"},
    "spool.recording": {
        "ingestion",
        "typecodes",
        "cbor_rows",
        "signing",
        "spool.folder",
        "spool.format",
        "spool.recovery",
    },
    "spool.recovery": {"signing", "spool.folder", "spool.format"},
    "spool.folder": {"spool.migration"},
    "spool.migration": set(),
    "spool.format": {"signing"},
    "sources": {"capture", "files", "sources", "wav"},
    "capture": {"sample", "tuple_rows", "typecodes"},
    "tuple_rows": {"typecodes"},
    "config": {"client"},
    "network": {"signing"},
    "retry": set(),
    "tls": {"import_errors", "pem"},
    "import_errors": set(),
    "pem": set(),
    "url": set(),
    "ingestion": {"labels", "metadata", "service_errors"},
    "metadata": set(),
    "service_errors": {"retry_after"},
    "retry_after": {"signing"},
    "chunked": set(),
    "http": {"chunked"},
    "labels": {"generated_body"},
    "files": set(),
    "wav": {"files", "row_source"},
    "sample": {"binary", "cbor_rows", "json_csv", "row_list", "row_source", "signing", "typecodes"},
    "row_source": {"cbor_rows", "typecodes"},
    "row_list": {"cbor", "generated_body"},
    "json_csv": {"generated_body", "signing", "typecodes"},
    "binary": {"signing", "typecodes"},
    "generated_body": set(),
    "signing": set(),
    "cbor_rows": {"cbor_kernels", "cbor_plain", "typecodes"},
    "typecodes": {"cbor_int_kernels", "cbor_plain"},
    "cbor": {"cbor_rows"},
    "body": {"errors", "validate"},
    "errors": set(),
    "validate": {"argument_errors"},
    "argument_errors": {"errors", "body_errors"},
    "body_errors": {"errors"},
    "cbor_int_kernels": set(),
    "cbor_kernels": set(),
    "cbor_plain": {"body"},
}
LOWEST = {
    "argument_errors",
    "body_errors",
    "body",
    "errors",
    "cbor_int_kernels",
    "cbor_kernels",
    "cbor_plain",
    "validate",
}

# module of MicroPython -> modules that may import it
OUTSIDE = {
    "socket": {"network", "transport"},
    "ssl": {"tls"},
    "tls": {"tls"},
    "select": {"network", "transport"},
    "asyncio": {"aio", "capture", "spool.flush"},
    "time": {"capture", "connection", "lwip_connection", "network", "signing", "sources"},
    "network": {"network", "sources"},
    "machine": {"capture", "network", "sources"},
    "camera": {"sources"},
}
# modules of MicroPython that all supported versions have, and that every module may import
EVERYWHERE = {"array", "binascii", "collections", "errno", "gc", "hashlib", "io", "json", "math", "micropython", "os"}
EVERYWHERE |= {"random", "re", "struct", "sys", "uctypes"}


def name_of(module: Path) -> str:
    """Returns the name in LAYERS of a file of the library."""
    return entry([part for part in module.with_suffix("").parts if part != "__init__"])


def entry(parts: Sequence[str]) -> str:
    """Returns the name in LAYERS that a module has, or should have; parts: of its name."""
    modules = any(name.startswith(parts[0] + ".") for name in LAYERS)
    return ".".join(parts[:2]) if modules else parts[0]


def imports(tree: ast.AST, module: Path) -> list[tuple[int, str]]:
    """Returns (line, name) of every import in the module; modules of the library have a leading dot."""
    depth = len(module.parts) - 1
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.removeprefix("edgeingest")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, name) for name in from_import(node, module, depth)]
    return found


def from_import(node: ast.ImportFrom, module: Path, depth: int) -> list[str]:
    if node.level == 0:
        return [(node.module or "").removeprefix("edgeingest")]
    package = list(module.parts[: depth + 1 - node.level])  # the package that the dots refer to
    if node.module:
        return ["." + ".".join([*package, node.module])]
    return ["." + ".".join([*package, alias.name]) for alias in node.names]


def parse(module: Path) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text())


def wrong_imports(tree: ast.AST, module: Path) -> list[str]:
    here = name_of(module)
    allowed = LAYERS[here] | (set() if here in LOWEST else {"errors", "body", "validate"})
    wrong = []
    for line, name in imports(tree, module):
        parts = name.lstrip(".").split(".")
        first = parts[0]
        if name.startswith("."):
            fine = entry(parts) in allowed
        else:
            fine = here in OUTSIDE[first] if first in OUTSIDE else first in EVERYWHERE
        if not fine:
            wrong.append(f"{module}:{line}: {here} may not import {name}")
    return wrong


def forbidden(tree: ast.AST) -> list[str]:
    wrong = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            wrong.append(f"line {node.lineno}: assert")
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            wrong.append(f"line {node.lineno}: bare except")
        elif isinstance(node, ast.Name) and node.id == "print":
            wrong.append(f"line {node.lineno}: print")
    return wrong


def test_there_are_modules():
    assert MODULES


def test_the_table_has_no_cycles():
    left = {name: below - {name} for name, below in LAYERS.items()}
    while left:
        bottom = {name for name, below in left.items() if not below & left.keys()}
        assert bottom, f"a cycle among {sorted(left)}"
        left = {name: below for name, below in left.items() if name not in bottom}


@pytest.mark.parametrize("module", [m for m in MODULES if m != Path("__init__.py")], ids=str)
def test_imports_only_go_down(module):
    assert name_of(module) in LAYERS, "a new module: add it to LAYERS"
    assert wrong_imports(parse(module), module) == []


def test_importing_the_package_loads_no_modules():
    """Public names are loaded on first use, inside functions; `gc` is in every MicroPython's C code."""
    found = imports(ast.Module(ast.parse((PACKAGE / "__init__.py").read_text()).body, []), Path("__init__.py"))
    assert [name for _, name in found] == ["gc"]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_assert_no_bare_except_no_print(module):
    assert forbidden(parse(module)) == []


BAD = """
import socket
from . import http
from .http import x
from edgeingest.client import Client
import typing
assert 1
try:
    print(2)
except:
    pass
"""


def test_every_form_of_import_is_found():
    """Otherwise the tests above could pass without finding any import."""
    wrong = [line.split(": ")[1] for line in wrong_imports(ast.parse(BAD), Path("cbor.py"))]
    names = ["socket", ".http", ".http", ".client", "typing"]
    assert wrong == [f"cbor may not import {name}" for name in names]
    assert wrong_imports(ast.parse("from ..capture import Capture\nfrom . import imu"), Path("sources/adc.py")) == []
    assert len(wrong_imports(ast.parse("from ..client import Client"), Path("sources/adc.py"))) == 1
    package = "from .format import Entry\nfrom . import format\nfrom edgeingest.spool.format import Entry\n"
    assert wrong_imports(ast.parse(package), Path("spool/flush.py")) == []
    assert len(wrong_imports(ast.parse(package), Path("spool/folder.py"))) == 3
    assert len(wrong_imports(ast.parse("from . import Spool\nfrom .. import spool"), Path("spool/flush.py"))) == 2
    assert len(wrong_imports(ast.parse("from .spool.format import Entry"), Path("client.py"))) == 1
    assert (name_of(Path("spool/__init__.py")), name_of(Path("spool/new.py"))) == ("spool", "spool.new")
    assert (name_of(Path("sources/__init__.py")), name_of(Path("sources/adc.py"))) == ("sources", "sources")
    assert [line.split(": ")[1] for line in forbidden(ast.parse(BAD))] == ["assert", "bare except", "print"]
