"""`make docs`: writes firmware/edgeingest/__init__.pyi, in which editors and type checkers find the public names.

They cannot follow `__init__.py`, which loads names when they are first used. The stub is not put on a board.
"""

import ast
import sys

import module_imports

STUB = module_imports.TOP.with_suffix(".pyi")
_HEAD = "# Made by `make docs` from __init__.py and errors.py.\n"


def errors() -> list[str]:
    """Returns the names of the exceptions in the module `errors`."""
    tree = ast.parse(module_imports.module_file("errors").read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Error")]


def text() -> str:
    """Returns the stub."""
    public = module_imports.public()
    modules = {**public, **dict.fromkeys(errors(), "errors")}
    lines = [
        f"from .{modules[name]} import {name} as {name}" for name in sorted(modules, key=lambda n: (modules[n], n))
    ]
    names = ", ".join(f'"{name}"' for name in public)
    return _HEAD + "\n".join(lines) + f"\n\n__version__: str\n__all__ = [{names}]\n"


def main() -> int:
    STUB.write_text(text(), encoding="utf-8")
    print(f"firmware/edgeingest/{STUB.name}: {text().count(' import ')} names")
    return 0


if __name__ == "__main__":
    sys.exit(main())
