"""`make package`: what mip installs, firmware/package*.json, from the files there are and what imports what.

URLs are relative to the .json, so any server, branch or folder will do.
"""

import json
import sys

import module_imports
from compile_mpy import FIRMWARE, sources

# part -> the modules that a program imports for it; what these import comes with them
PARTS = {
    "core": tuple(module_imports.public().values()),
    "asyncio": ("aio", "files", "sample"),
    "spool": ("spool", "files", "sample"),
}


def package(names: list[str]) -> str:
    """The text of a package.json with these files, relative to firmware/."""
    urls = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    return f'{{\n  "version": "{module_imports.version()}",\n  "urls": [\n{urls}\n  ]\n}}\n'


def packages() -> dict[str, str]:
    """{file name: its text} of all packages: the whole library, and its parts."""
    made = {"package.json": package([path.as_posix() for path in sources()])}
    for part, entries in PARTS.items():
        files = module_imports.closure(entries)
        made[f"package-{part}.json"] = package([path.relative_to(FIRMWARE).as_posix() for path in files])
    return made


def main() -> int:
    made = packages()
    for old in FIRMWARE.glob("package*.json"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FIRMWARE / name).write_text(text, encoding="utf-8")
        print(f"firmware/{name}: {text.count('.py') // 2} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
