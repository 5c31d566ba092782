"""`make package`: writes firmware/package*.json, which mip installs from, by the modules and their imports.

URLs are relative to the .json file, so any server, branch or folder works.
"""

import json
import sys

import module_imports
from compile_mpy import FIRMWARE, sources

# {part: modules that a program imports for it}; the modules that these import are added
PARTS = {
    "core": tuple(module_imports.public().values()),
    "asyncio": ("aio", "files", "sample"),
    "spool": ("spool", "files", "sample"),
}


def package(names: list[str]) -> str:
    """Returns the text of a package.json with these files, relative to firmware/."""
    urls = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    return f'{{\n  "version": "{module_imports.version()}",\n  "urls": [\n{urls}\n  ]\n}}\n'


def packages() -> dict[str, str]:
    """Returns {file name: its text} of all packages: the whole library, and its parts."""
    texts = {"package.json": package([path.as_posix() for path in sources()])}
    for part, entries in PARTS.items():
        files = module_imports.closure(entries)
        texts[f"package-{part}.json"] = package([path.relative_to(FIRMWARE).as_posix() for path in files])
    return texts


def main() -> int:
    texts = packages()
    for old in FIRMWARE.glob("package*.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (FIRMWARE / name).write_text(text, encoding="utf-8")
        print(f"firmware/{name}: {text.count('.py') // 2} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
