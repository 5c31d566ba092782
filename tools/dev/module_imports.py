"""Reads from the source which modules of the device library import which; nothing is listed by hand."""

import ast
from collections.abc import Iterable
from pathlib import Path

from compile_mpy import FIRMWARE

PACKAGE = FIRMWARE / "edgeingest"
TOP = PACKAGE / "__init__.py"


def assigned(module: Path, name: str) -> object:
    """Returns the literal that a module assigns to a name at its top level. Raises LookupError."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return ast.literal_eval(node.value)
    raise LookupError(f"{module} assigns nothing to {name}")


def version() -> str:
    """Returns the version of the library."""
    found = assigned(TOP, "__version__")
    assert isinstance(found, str)
    return found


def public() -> dict[str, str]:
    """Returns {public name of `edgeingest`: its module}, without the errors, which are in `errors`."""
    names, modules = assigned(TOP, "__all__"), assigned(TOP, "_MODULES")
    assert isinstance(names, tuple) and isinstance(modules, dict)
    return {name: modules.get(name, name.lower()) for name in names}


def loaded(package: Path) -> dict[str, Path]:
    """Returns {name: its file} of the names that a package loads from other modules when they are first used."""
    try:
        found = assigned(package, "_MODULES")
    except LookupError:
        return {}
    assert isinstance(found, dict)
    return {name: package.parent / f"{module}.py" for name, module in found.items()}


def module_file(name: str) -> Path:
    """Returns the file of a module such as "client", "sources" or "sources.adc". Raises LookupError."""
    path = PACKAGE.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    raise LookupError(f"the library has no module {name}")


def imported(module: Path) -> set[Path]:
    """Returns the modules that a module imports, at its top level or in a function."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                place = module.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            elif (node.module or "").split(".")[0] == "edgeingest":
                place = FIRMWARE.joinpath(*(node.module or "").split("."))
            else:
                continue
            found |= _files(place) | {file for alias in node.names for file in _files(place / alias.name)}
    return found


def _files(place: Path) -> set[Path]:
    """Returns the file of the module or package at this path, or an empty set."""
    return {file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()}


def closure(names: Iterable[str]) -> list[Path]:
    """Returns the files of these modules, of all modules that they import, and of the packages they are in.

    `edgeingest` itself loads `errors` and `import_errors` by name.
    """
    found: set[Path] = set()
    waiting = {TOP, *map(module_file, ("errors", "import_errors")), *map(module_file, names)}
    while waiting:
        module = waiting.pop()
        found.add(module)
        around = {parent / "__init__.py" for parent in module.parents if PACKAGE in (parent, *parent.parents)}
        waiting |= (imported(module) | {file for file in around if file.is_file()}) - found
    return sorted(found)
