"""The boards that edgeingest supports: boards/<NAME>/board.toml, one schema for all.

These files hold everything that differs between boards; `load` reads one, `names` lists them.
"""

import datetime
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from edgeingest_tools.firmware import ARCHITECTURES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BOARDS = Path(__file__).resolve().parents[3] / "boards"
Pin = Annotated[int, Field(ge=0, le=63)]


class CatalogueError(Exception):
    """Raised when a board is not known or its board.toml is wrong; the text names the file and the field."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Filesystem(_Table):
    """The place of the stock firmware's file system: offset in the flash and size, in bytes."""

    offset: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(gt=0)]
    block_size: Annotated[int, Field(gt=0)]
    kind: Literal["littlefs2", "fat"]

    @model_validator(mode="after")
    def _whole_blocks(self) -> "Filesystem":
        if self.offset % self.block_size or self.size % self.block_size:
            raise ValueError(f"offset and size have to be multiples of block_size, {self.block_size}")
        return self


class Uf2(_Table):
    """For boards that are flashed by copying a UF2 file: the family in the file, and the address of the flash."""

    family_id: Annotated[int, Field(gt=0, lt=2**32)]
    flash_start: Annotated[int, Field(ge=0, lt=2**32)]


class I2C(_Table):
    id: int
    sda: Pin
    scl: Pin


class I2S(_Table):
    id: int
    sck: Pin
    ws: Pin
    sd: Pin


class Pins(_Table):
    """Default pins of main.py and the examples, as numbers of machine.Pin."""

    i2c: I2C
    i2s: I2S | None = None  # None: the stock firmware has no machine.I2S
    adc: Pin


class Measured(_Table):
    """The tests that were run on the board itself; without a date, none were."""

    what: str
    how: str
    date: datetime.date | None = None


class Board(_Table):
    """The contents of one board.toml."""

    name: str
    machine: Annotated[list[str], Field(min_length=1)]  # possible beginnings of its sys.implementation._machine
    port: Literal["esp32", "rp2", "unix"]
    mpy_arch: str
    network: bool
    float_bits: Literal[32, 64]
    notes: str
    filesystem: Filesystem
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
    return next((board for board in map(load, names()) if machine.startswith(tuple(board.machine))), None)


def _error_lines(path: Path, error: ValidationError) -> list[str]:
    lines = []
    for each in error.errors():
        field = ".".join(str(part) for part in each["loc"])
        lines.append(f"{path}: {field + ': ' if field else ''}{each['msg']}")
    return lines
