"""Shows what every module weighs as .mpy and holds it to the budget, which only goes down."""

import json
import shutil
import sys

from compile_mpy import ARCHITECTURES, BUILD, ROOT, CompileError, compile_tree
from rich.console import Console
from rich.table import Table

BUDGETS = ROOT / "host_tests" / "budgets.json"
KEY, ARCH = "mpy_armv6m", "armv6m"  # the smallest board decides


def table(sizes: dict[str, dict[str, int]]) -> Table:
    grid = Table("module", title="bytes of .mpy")
    for arch in ARCHITECTURES:
        grid.add_column(arch, justify="right")
    for name in sizes[ARCH]:
        grid.add_row(name, *(str(sizes[arch][name]) for arch in ARCHITECTURES))
    grid.add_section()
    grid.add_row("all", *(str(sum(sizes[arch].values())) for arch in ARCHITECTURES))
    return grid


def compare(sizes: dict[str, int], budget: dict[str, int]) -> tuple[list[str], list[str]]:
    """(what breaks the budget, what the budget could be lowered by)"""
    wrong, slack = [], []
    for name, size in sizes.items():
        if name not in budget:
            wrong.append(f"{name}: {size} bytes and no budget yet: make size UPDATE=1")
        elif size > budget[name]:
            wrong.append(f"{name}: {size} bytes, budget {budget[name]}")
        elif size < budget[name]:
            slack.append(f"{name}: {size} bytes, budget {budget[name]}")
    slack += [f"{name}: gone, still in the budget" for name in budget if name not in sizes]
    return wrong, slack


def lowered(sizes: dict[str, int], budget: dict[str, int]) -> dict[str, int]:
    """The budget with new modules added, vanished ones removed and nothing raised."""
    return {name: min(size, budget.get(name, size)) for name, size in sizes.items()}


def main(arguments: list[str]) -> int:
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        sizes = {arch: compile_tree(BUILD / arch, arch) for arch in ARCHITECTURES}
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    Console().print(table(sizes))
    budgets = json.loads(BUDGETS.read_text())
    if "--update" in arguments:
        budgets[KEY] = lowered(sizes[ARCH], budgets[KEY])
        BUDGETS.write_text(json.dumps(budgets, indent=2) + "\n")
    wrong, slack = compare(sizes[ARCH], budgets[KEY])
    for line in wrong:
        print("over budget:", line)
    if slack:
        print("below budget, hold the gain with `make size UPDATE=1`:", *slack, sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
