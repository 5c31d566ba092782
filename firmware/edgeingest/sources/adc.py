"""Voltages at analog inputs.

Source: MicroPython's documentation, class machine.ADC: read_u16 gives 0 to 65535; read_uv, where a port has it (ESP32),
gives microvolts by the chip's own calibration.
"""

from machine import ADC, Pin
from micropython import const

from ..errors import SampleError
from .scaling import scaled, steps

_UV_STEP = const(64)  # finer than any of these converters, and 16 bits reach 4.19 V


class Adc:
    """pins: ((name, pin), ...), where pin is a number, a machine.Pin, or a machine.ADC that is set up already.

    Rows are float32. Where the converter is not calibrated, full_scale is what it takes for 65535, in `units`: 3.3 V
    on an RP2040. For another quantity in proportion to the voltage give units and full_scale together: 100.0, "%RH".
    Allocates nothing where kernels load.
    """

    def __init__(self, pins, full_scale=3.3, units="V"):
        if not isinstance(pins, (list, tuple)) or not pins:
            raise SampleError("pins: (name, pin) pairs are needed, not %r" % (pins,))
        self.sensors = tuple([(name, units) for name, _ in pins])
        self._inputs: "list" = [_input(pin) for _, pin in pins]
        self._volts = units == "V" and full_scale == 3.3 and hasattr(self._inputs[0], "read_uv")
        factor = _UV_STEP / 1000000 if self._volts else full_scale / 65535
        self._raw = bytearray(2 * len(pins))
        self._how = steps(factor, 0, len(pins), signed=False)

    def read(self, buffer, offset):
        """One row: for `capture`."""
        raw = self._raw
        i = 0
        for input in self._inputs:
            value = input.read_uv() // _UV_STEP if self._volts else input.read_u16()
            raw[i] = value & 0xFF
            raw[i + 1] = value >> 8
            i += 2
        scaled(buffer, offset, raw, self._how)


def _input(pin):
    if hasattr(pin, "read_u16"):
        return pin
    if isinstance(pin, int):
        pin = Pin(pin)
    widest = getattr(ADC, "ATTN_11DB", None)  # ESP32: without it, 1 V is the most that it takes
    return ADC(pin) if widest is None else ADC(pin, atten=widest)
