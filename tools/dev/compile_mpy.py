"""`make mpy`: compiles the device library for every architecture."""

import shutil
import sys

from edgeingest_tools.firmware import (
    ARCHITECTURES,
    FIRMWARE,
    ROOT,
    CompileError,
    compile_file,
    compile_tree,
    sources,
)

__all__ = ["ARCHITECTURES", "BUILD", "FIRMWARE", "ROOT", "CompileError", "compile_file", "compile_tree", "sources"]

BUILD = ROOT / "build" / "mpy"


def main() -> int:
    shutil.rmtree(BUILD, ignore_errors=True)  # so that no .mpy of a removed module is left
    try:
        for arch in ARCHITECTURES:
            sizes = compile_tree(BUILD / arch, arch)
            print(f"build/mpy/{arch}: {len(sizes)} modules, {sum(sizes.values())} bytes")
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
