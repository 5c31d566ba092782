"""Every float constant of the device code has the same value on every board and in every form of the library.

mpy-cross folds constants and writes each as decimal text, which a board reads with the precision that it has;
MicroPython's mpy-tool.py, which freezes .mpy files into a firmware, packs each as float32. So a constant has to be
exact in float32 and short in decimal; any other number is made from integers at run time.
"""

import ast
import struct
from collections.abc import Iterator

import compile_mpy
import pytest
from edgeingest_tools import firmware
from edgeingest_tools.firmware import ROOT

SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("firmware/edgeingest", "firmware/examples", "boards")
    for path in (ROOT / folder).glob("**/*.py")
)
DIGITS = 7  # significant digits that a parser with single precision reads without an error

# The objects of an .mpy file (MicroPython, py/persistentcode.h)
FUN_TABLE, NONE, FALSE, TRUE, ELLIPSIS, STR, BYTES, INT, FLOAT, COMPLEX, TUPLE = range(11)


class Constants:
    """Reads the float and complex constants of an .mpy file of version 6 (MicroPython, py/persistentcode.c)."""

    def __init__(self, data: bytes) -> None:
        assert data[:2] == b"M\x06"
        self.data = data
        self.at = 4
        if data[2] & 0x40:  # flags of the architecture follow
            self._number()
        names, objects = self._number(), self._number()
        for _ in range(names):
            length = self._number()
            if not length & 1:  # else one that every firmware has
                self.at += (length >> 1) + 1
        self.texts = [text for _ in range(objects) for text in self._object()]

    def _number(self) -> int:
        number = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                return number

    def _object(self) -> Iterator[str]:
        kind = self.data[self.at]
        self.at += 1
        assert kind <= TUPLE
        if kind <= ELLIPSIS:
            return
        size = self._number()
        if kind == TUPLE:
            for _ in range(size):
                yield from self._object()
            return
        text = self.data[self.at : self.at + size]
        self.at += size + (kind in (STR, BYTES))  # these end in a zero
        if kind in (FLOAT, COMPLEX):
            yield text.decode()


def portable(value: complex) -> bool:
    """Returns whether a constant is exact in float32 and short in decimal."""
    if isinstance(value, complex):
        return False
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        return False
    return struct.unpack("<f", packed) == (value,) and struct.pack("<f", float(f"{value:.{DIGITS}g}")) == packed


def test_what_is_portable():
    assert all(map(portable, (0.0, -0.5, 65.5, 2.0**-14 * 2**14, 1e10, 0.0625)))
    assert not any(map(portable, (0.1, 3.3, 1e15, 2.0**-14, 16777217.0, 3.4028235677973366e38, 1e300, 1j)))


def constants(source, folder) -> list[float]:
    """Returns the float constants of a compiled file."""
    compile_mpy.compile_file(source, folder / "one.mpy", "armv6m")
    return [
        complex(text) if "j" in text else float(text) for text in Constants((folder / "one.mpy").read_bytes()).texts
    ]


def test_folded_constants_are_read(tmp_path, monkeypatch):
    """In tuples and functions, beside constants of every other kind."""
    (tmp_path / "one.py").write_text(
        "from micropython import const\n_A = const(3)\nb = (1, (2.5, None, 'x', 10**30), b'y', ..., True)\n"
        "def f(x=2.0**-14, y=_A / 10):\n    '\u00e9'\n    return x * 0.75\n"
    )
    monkeypatch.setattr(firmware, "FIRMWARE", tmp_path)
    assert sorted(constants("one.py", tmp_path)) == [2.0**-14, 0.3, 0.75, 2.5]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_float_constants(source, tmp_path, monkeypatch):
    monkeypatch.setattr(firmware, "FIRMWARE", ROOT)
    tree = ast.parse((ROOT / source).read_text(encoding="utf-8"))
    written = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    wrong = [
        f"line {node.lineno}: {node.value!r}"
        for node in written
        if isinstance(node.value, (float, complex)) and not portable(node.value)
    ]
    wrong += [f"compiled: {value!r}" for value in constants(source, tmp_path) if not portable(value)]
    assert not wrong, "float constants that are not exact in float32 and short: make them from integers at run time"
