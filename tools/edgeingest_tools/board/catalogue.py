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
_CHIPS = Path(__file__).parent / "chips.toml"
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


class Chip(_Table):
    """The pins of a chip: one table of chips.toml, which says what the lists mean."""

    source: str
    usable: list[Pin]
    adc: list[Pin]
    input_only: list[Pin]
    strapping: list[Pin]
    usb: list[Pin]
    flash: list[Pin]
    console: list[Pin]
    board: list[Pin]

    def objection(self, pin: int, use: str) -> str | None:
        """Returns why a pin cannot have this use, such as "sda" or "adc", or None. Analog inputs may be input_only."""
        if pin not in self.usable:
            return f"pin {pin} does not exist in MicroPython" + (": it is the USB's" if pin in self.usb else "")
        for task in ("strapping", "usb", "flash", "console", "board"):
            if pin in getattr(self, task):
                return f"pin {pin} has another task: {task}"
        if use == "adc":
            return None if pin in self.adc else f"pin {pin} is no analog input that works while Wi-Fi is on"
        return f"pin {pin} is an input without a pull-up" if pin in self.input_only else None


def chips() -> dict[str, Chip]:
    """Returns the chips by the name that MicroPython gives them."""
    return {name: Chip.model_validate(found) for name, found in tomllib.loads(_CHIPS.read_text()).items()}


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
    """The pins of main.py and the examples, as numbers of machine.Pin. button: a push button to GND."""

    i2c: I2C
    i2s: I2S
    adc: Pin
    button: Pin

    def uses(self) -> dict[str, int]:
        """Returns {use: pin} of all pins."""
        found = {"adc": self.adc, "button": self.button}
        for bus in (self.i2c, self.i2s):
            found |= {use: pin for use, pin in bus.model_dump().items() if use != "id"}
        return found

    def objections(self, chip: Chip, port: str) -> list[str]:
        """Returns what is wrong with these pins on a chip."""
        uses = self.uses()
        found = [f"{use}: {why}" for use, pin in uses.items() if (why := chip.objection(pin, use))]
        if len(set(uses.values())) < len(uses):
            found.append("a pin has two uses")
        if port == "rp2":  # MicroPython 1.26.1, ports/rp2/machine_i2c.h:66 and machine_i2s.c:516
            for use, odd in (("sda", 0), ("scl", 1)):
                if uses[use] & 1 != odd or uses[use] >> 1 & 1 != self.i2c.id:
                    found.append(f"{use}: pin {uses[use]} is none of I2C({self.i2c.id})")
            if self.i2s.ws != self.i2s.sck + 1:
                found.append("ws: has to be sck + 1")
        return found


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
    chip: str | None = None  # a table of chips.toml
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
