"""The pins of boards and chips: chips.toml says which pins a chip has, and which of them have another task."""

import sys
from pathlib import Path
from typing import Annotated

from pydantic import Field

from edgeingest_tools.board.table import Table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_CHIPS = Path(__file__).parent / "chips.toml"
Pin = Annotated[int, Field(ge=0, le=63)]


class Chip(Table):
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


class I2C(Table):
    id: int
    sda: Pin
    scl: Pin


class I2S(Table):
    id: int
    sck: Pin
    ws: Pin
    sd: Pin


class Pins(Table):
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
