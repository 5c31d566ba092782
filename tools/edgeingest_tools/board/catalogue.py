"""The boards that edgeingest supports: boards/<NAME>/board.toml, one schema for all.

These files hold everything that differs between boards; `load` reads one, `names` lists them.
"""

import datetime
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from edgeingest_tools.board.layouts import Filesystem, Firmware, LayoutError
from edgeingest_tools.board.pins import Pins, chips
from edgeingest_tools.board.table import Table
from edgeingest_tools.firmware import ARCHITECTURES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BOARDS = Path(__file__).resolve().parents[3] / "boards"


class CatalogueError(Exception):
    """Raised when a board is not known or its board.toml is wrong; the text names the file and the field."""


class Uf2(Table):
    """For boards that are flashed by copying a UF2 file: the family in the file, and the address of the flash."""

    family_id: Annotated[int, Field(gt=0, lt=2**32)]
    flash_start: Annotated[int, Field(ge=0, lt=2**32)]


class Measured(Table):
    """The tests that were run on the board itself; without a date, none were."""

    what: str
    how: str
    date: datetime.date | None = None


class Board(Table):
    """The contents of one board.toml."""

    name: str
    port: Literal["esp32", "rp2", "unix"]
    chip: str | None = None  # a table of chips.toml
    mpy_arch: str
    network: bool
    float_bits: Literal[32, 64]
    notes: str
    firmware: Annotated[list[Firmware], Field(min_length=1)]
    uf2: Uf2 | None = None
    pins: Pins | None = None
    measured: Measured

    @field_validator("mpy_arch")
    @classmethod
    def _known_architecture(cls, value: str) -> str:
        if value not in ARCHITECTURES:
            raise ValueError(f"has to be one of {', '.join(ARCHITECTURES)}")
        return value

    @model_validator(mode="after")
    def _port_fits(self) -> "Board":
        if (self.uf2 is not None) != (self.port == "rp2"):
            raise ValueError("[uf2] is for boards of port rp2, which all have it")
        if (self.pins is None) != (self.port == "unix"):
            raise ValueError("[pins] is for boards of ports esp32 and rp2, which all have it")
        return self

    @model_validator(mode="after")
    def _pins_fit(self) -> "Board":
        if self.pins is None:
            return self
        known = chips()
        if self.chip not in known:
            raise ValueError(f"chip has to be one of {', '.join(known)}")
        if objections := self.pins.objections(known[self.chip], self.port):
            raise ValueError(f"pins of {self.chip}: {'; '.join(objections)}")
        return self

    def place(self, version: str | None = None, variant: str = "", flash: int | None = None) -> Filesystem:
        """Returns where a firmware keeps its files; flash: bytes of the flash. Raises CatalogueError."""
        known = {each.variant: each for each in self.firmware}
        if variant not in known:
            names = ", ".join(repr(name) for name in known if name) or "none"
            raise CatalogueError(f"{self.name} has no firmware with --variant {variant!r}: there are {names}")
        try:
            return known[variant].place(version, flash)
        except LayoutError as error:
            name = f"{self.name}-{variant}" if variant else self.name
            raise CatalogueError(f"{name}: where this firmware keeps its files {error}") from None

    def is_machine(self, machine: str) -> bool:
        """Returns whether its firmware has this sys.implementation._machine; of unix, only how that begins is known."""
        return any(machine == f.machine or self.port == "unix" and machine.startswith(f.machine) for f in self.firmware)

    @property
    def folder(self) -> Path:
        """The folder with its board.toml, manifest.py and main.py."""
        return BOARDS / self.name


def names() -> list[str]:
    """Returns the names of all boards, which are the names of their folders."""
    return sorted(path.parent.name for path in BOARDS.glob("*/board.toml"))


def load(name: str) -> Board:
    """Returns the board of that name. Raises CatalogueError."""
    if name not in names():
        raise CatalogueError(f"no board is called {name!r}: there are {', '.join(names()) or 'none'} in {BOARDS}")
    path = BOARDS / name / "board.toml"
    try:
        board = Board.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path} is no TOML: {error}") from None
    except ValidationError as error:
        raise CatalogueError("\n".join(_error_lines(path, error))) from None
    if board.name != name:
        raise CatalogueError(f"{path}: name is {board.name!r}, its folder {name!r}; they have to be the same")
    return board


def find(machine: str) -> Board | None:
    """Returns the board whose firmware has this sys.implementation._machine, or None."""
    return next((board for board in map(load, names()) if board.is_machine(machine)), None)


def _error_lines(path: Path, error: ValidationError) -> list[str]:
    lines = []
    for each in error.errors():
        field = ".".join(str(part) for part in each["loc"])
        lines.append(f"{path}: {field + ': ' if field else ''}{each['msg']}")
    return lines
