"""`make size`: prints the size of the library, as .mpy and on the heap, and compares it with the budget.

The budget is never raised, only lowered.
"""

import json
import shutil
import sys
from dataclasses import dataclass

import device
import footprint
from compile_mpy import ARCHITECTURES, BUILD, ROOT, CompileError, compile_tree
from rich.console import Console
from rich.table import Table

BUDGETS = ROOT / "host_tests" / "budgets.json"
ARCH = "armv6m"  # of the smallest board, to which the budget applies
HEAP_BUILD = ROOT / "build" / "size"


@dataclass(frozen=True)
class Section:
    """One section of the budget; a figure may differ from the budget by the tolerance."""

    key: str
    title: str
    unit: str
    tolerance: int = 0


MODULES = Section("mpy_armv6m", "modules", "bytes")
LOADED = Section("loaded_armv6m", ".mpy that an upload loads, armv6m", "bytes")
FIRST_USES = Section("first_use_x64", "heap taken after the first use of a name", "bytes", 64)
HEAPS = Section("smallest_heap_x64", "smallest heap in which an upload completes", "K", 1)
Sizes = dict[str, int]


def table(sizes: dict[str, Sizes]) -> Table:
    """Returns a table of the modules' sizes for each architecture."""
    grid = Table("module", title="bytes of .mpy")
    for arch in ARCHITECTURES:
        grid.add_column(arch, justify="right")
    for name in sizes[ARCH]:
        grid.add_row(name, *(str(sizes[arch][name]) for arch in ARCHITECTURES))
    grid.add_section()
    grid.add_row("all", *(str(sum(sizes[arch].values())) for arch in ARCHITECTURES))
    return grid


def heap_table(found: dict[Section, Sizes]) -> Table:
    """Returns a table of the figures that were measured on the device."""
    grid = Table("what", title="on the device (heap: 64-bit, about twice of what a board needs)")
    grid.add_column("", justify="right")
    for section, sizes in found.items():
        grid.add_section()
        grid.add_row(f"[bold]{section.title}[/bold]", section.unit)
        for name, size in sizes.items():
            grid.add_row(name, str(size))
    return grid


def compare(sizes: Sizes, budget: Sizes, unit: str = "bytes", tolerance: int = 0) -> tuple[list[str], list[str]]:
    """Returns two lists of texts: sizes over the budget, and sizes below it, by which it can be lowered."""
    wrong, slack = [], []
    for name, size in sizes.items():
        if name not in budget:
            wrong.append(f"{name}: {size} {unit} and no budget yet: make size UPDATE=1")
        elif size > budget[name] + tolerance:
            wrong.append(f"{name}: {size} {unit}, budget {budget[name]}")
        elif size < budget[name] - tolerance:
            slack.append(f"{name}: {size} {unit}, budget {budget[name]}")
    slack += [f"{name}: gone, still in the budget" for name in budget if name not in sizes]
    return wrong, slack


def lowered(sizes: Sizes, budget: Sizes) -> Sizes:
    """Returns the budget with new entries added, removed modules left out, and no entry raised."""
    return {name: min(size, budget.get(name, size)) for name, size in sizes.items()}


def on_device(sizes: Sizes) -> dict[Section, Sizes]:
    """Returns the figures that have to be measured on the device; `sizes` has those of each module."""
    shutil.rmtree(HEAP_BUILD, ignore_errors=True)
    place = device.Device(HEAP_BUILD)
    place.compile([footprint.SCRIPT])
    with device.service(HEAP_BUILD) as service:
        return {
            LOADED: footprint.loaded(place, service, sizes),
            FIRST_USES: footprint.first_uses(place),
            HEAPS: footprint.smallest_heaps(place, service),
        }


def hold(found: dict[Section, Sizes], update: bool) -> int:
    """Compares all figures with the budget, which is lowered first if `update` is true; returns the exit status."""
    budgets = json.loads(BUDGETS.read_text())
    if update:
        budgets |= {section.key: lowered(sizes, budgets.get(section.key, {})) for section, sizes in found.items()}
        BUDGETS.write_text(json.dumps(budgets, indent=2) + "\n")
    wrong, slack = [], []
    for section, sizes in found.items():
        over, below = compare(sizes, budgets.get(section.key, {}), section.unit, section.tolerance)
        wrong += [f"over budget, {section.title}: {line}" for line in over]
        slack += [f"  {section.title}: {line}" for line in below]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if slack:
        print("below budget, hold the gain with `make size UPDATE=1`:", *slack, sep="\n")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        sizes = {arch: compile_tree(BUILD / arch, arch) for arch in ARCHITECTURES}
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    console = Console()
    console.print(table(sizes))
    found = {MODULES: sizes[ARCH]}
    try:
        measured = on_device(sizes[ARCH])
    except device.Failed as error:
        print(error, file=sys.stderr)
        return 1
    console.print(heap_table(measured))
    if footprint.comparable():
        found |= measured
    else:
        found[LOADED] = measured[LOADED]
        print("The heap has a budget only with the pinned MicroPython on x86-64 Linux: not held to it here.")
    return hold(found, "--update" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
