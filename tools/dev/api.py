"""`make docs`: writes firmware/API.md, with signatures and docstrings of all public names, from the source."""

import ast
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import module_imports
from compile_mpy import FIRMWARE

API = FIRMWARE / "API.md"
# Modules that programs import from, beside `edgeingest` itself; "sources/*": all modules of that folder.
OPEN = (
    "aio",
    "capture",
    "labels",
    "config",
    "network",
    "retry",
    "spool/__init__",
    "sources/*",
    "cbor",
    "body",
    "errors",
)
# Public names of these modules that only the library uses.
HIDDEN = {"LabelFile", "inferred_label", "octets", "size_of", "sized", "typecode_of"}
HIDDEN |= {"number_of", "set_text", "without_words"}
# Methods that other modules call, and those of every body, which `edgeingest.body` describes once.
HIDDEN_METHODS = {
    "Sample.protected",
    "Sample.signed_at",
    "Retry.run",
    "Retry.wait_ms",
    "Timing.begin",
    "Timing.check",
    "Timing.note",
    "File.close",
    "File.readinto",
    "File.rewind",
}
HIDDEN_MODULES = {"registers", "scaling", "scale_kernels"}  # modules that only the library uses
_HEAD = """# What edgeingest offers

Made from the docstrings by `make docs`; edit those. Names of `edgeingest` itself are loaded when they are first used.
"""
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef


def document() -> str:
    """Returns the whole document."""
    parts = [_HEAD]
    parts += _heading("edgeingest", module_imports.TOP)
    for name, module in module_imports.public().items():
        parts += _named(name, module_imports.module_file(module))
    for pattern in OPEN:
        for path in sorted(module_imports.PACKAGE.glob(f"{pattern}.py")):
            if path.stem not in HIDDEN_MODULES:
                parts += _module(path)
    return "\n".join(parts)


def _module(path: Path) -> Iterator[str]:
    """Yields the text of a module, with all its public functions and classes."""
    module = ".".join(path.relative_to(FIRMWARE).with_suffix("").parts).removesuffix(".__init__")
    yield from _heading(module, path)
    for node in _tree(path).body:
        if isinstance(node, _Definition) and not node.name.startswith("_") and node.name not in HIDDEN:
            yield from _definition(node, path)
    for name, file in module_imports.loaded(path).items():
        yield from _named(name, file)


def _heading(module: str, path: Path) -> Iterator[str]:
    yield f"## `{module}`\n"
    yield from _docstring(_tree(path))


def _named(name: str, path: Path) -> Iterator[str]:
    """Yields the text of a name in a module: a function, a class, or a named tuple with a comment above it."""
    found = _find(path, name)
    if not isinstance(found, ast.Assign):
        yield from _definition(found, path)
        return
    assert isinstance(found.value, ast.Call)
    fields = ", ".join(ast.literal_eval(found.value.args[1]))
    yield f"### `{name}({fields})`\n"
    above = path.read_text(encoding="utf-8").splitlines()[: found.lineno - 1]
    comment = [line[2:] for line in itertools.takewhile(lambda line: line.startswith("# "), reversed(above))]
    yield _fenced("\n".join(reversed(comment)))


def _definition(node: _Definition, path: Path) -> Iterator[str]:
    """Yields the text of a function, or of a class with its methods."""
    if not isinstance(node, ast.ClassDef):
        yield f"### `{_call(node)}`\n"
        yield from _docstring(node)
        return
    family = [node, *_inherited(node, path)]
    methods: dict[str, _Function] = {}
    for each in reversed(family):  # so that a class overrides the methods that it inherits
        methods |= {part.name: part for part in each.body if isinstance(part, _Function)}
    constructor = methods.get("__init__")
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"### `{_call(constructor, node.name) if constructor else f'class {node.name}({bases})'.replace('()', '')}`\n"
    for each in family:
        yield from _docstring(each)
    for name, method in methods.items():
        hidden = name.startswith("_") or f"{node.name}.{name}" in HIDDEN_METHODS
        if not hidden and ast.get_docstring(method):
            is_property = any(ast.unparse(each) == "property" for each in method.decorator_list)
            yield f"#### `.{name if is_property else _call(method)}`\n"
            yield from _docstring(method)


def _inherited(node: ast.ClassDef, path: Path) -> Iterator[ast.ClassDef]:
    """Yields the base classes that are not described in the document themselves."""
    for base in map(ast.unparse, node.bases):
        origin = _origin(base, path)
        if origin is not None and not _is_described(origin):
            found = _find(origin, base)
            assert isinstance(found, ast.ClassDef)
            yield found
            yield from _inherited(found, origin)


def _is_described(path: Path) -> bool:
    return any(path.relative_to(module_imports.PACKAGE).match(f"{pattern}.py") for pattern in OPEN)


def _origin(name: str, path: Path) -> Path | None:
    """Returns the module of the library that defines a name which the module at `path` uses, or None."""
    tree = _tree(path)
    if any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body):
        return path
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level and any(alias.name == name for alias in node.names):
            return (path.parents[node.level - 1] / (node.module or "").replace(".", "/")).with_suffix(".py")
    return None


def _find(path: Path, name: str) -> _Definition | ast.Assign:
    for node in _tree(path).body:
        if isinstance(node, _Definition) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return node
    raise LookupError(f"{path} defines no {name}")


def _call(node: _Definition, name: str = "") -> str:
    """Returns the signature without self, annotations and parameters that only the library uses."""
    assert isinstance(node, _Function)
    arguments = node.args.args
    while arguments and arguments[-1].arg.startswith("_"):
        del arguments[-1], node.args.defaults[-1:]
    if arguments and arguments[0].arg == "self":
        del arguments[0]
    for each in (*node.args.posonlyargs, *arguments, *node.args.kwonlyargs):
        each.annotation = None
    called = f"{name or node.name}({ast.unparse(node.args)})"
    return f"await {called}" if isinstance(node, ast.AsyncFunctionDef) else called


def _docstring(node: ast.Module | _Definition) -> Iterator[str]:
    text = ast.get_docstring(node)
    if text:
        yield _fenced(text)


def _fenced(text: str) -> str:
    return f"```text\n{text}\n```\n"


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def main() -> int:
    API.write_text(document(), encoding="utf-8")
    print(f"{API.relative_to(FIRMWARE.parent)}: {document().count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
