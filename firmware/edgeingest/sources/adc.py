"""`Adc`: voltages at analog inputs.

Source: MicroPython's documentation, class machine.ADC: read_u16 returns 0 to 65535; read_uv, on ports that have it
(ESP32), returns microvolts, corrected by the chip's calibration. An ESP32's second converter, ADC2, belongs to Wi-Fi
while that is on; MicroPython then returns 0 without an error (1.26, ports/esp32/adc.c, madcblock_read_helper).
"""

from machine import ADC, Pin
from micropython import const

from ..errors import SampleError
from . import SourceError
from .scaling import scaled, steps

_UV_STEP = const(64)  # microvolts: finer than these converters resolve, and 16 bits are enough for 4.19 V


class Adc:
    """Analog inputs. pins: ((name, pin), ...); a pin is a number, a machine.Pin, or a machine.ADC that is set up.

    Rows are float32. full_scale: the value at 65535, in `units`; None: volts, by the chip's own calibration
    (ESP32) or with 3.3 V at 65535 (RP2040). For another quantity in proportion to the voltage, give units and
    full_scale together: 100.0, "%RH".
    `read` allocates nothing where the kernels load. Raises SourceError for a pin of an ESP32's ADC2 while Wi-Fi is on.
    """

    def __init__(self, pins, full_scale=None, units="V"):
        if not isinstance(pins, (list, tuple)) or not pins:
            raise SampleError("pins: (name, pin) pairs are needed, not %r" % (pins,))
        self.sensors = tuple([(name, units) for name, _ in pins])
        self._inputs: "list" = [_input(pin) for _, pin in pins]
        self._shared = [name for (name, _), input in zip(pins, self._inputs) if _is_shared(input)]
        self._radios = _radios() if self._shared else ()
        self._volts = full_scale is None and units == "V" and hasattr(self._inputs[0], "read_uv")
        full, top = full_scale, 65535
        if full_scale is None:  # integers, as the constant 3.3 would not be exact in single precision
            full, top = (_UV_STEP, 1000000) if self._volts else (33, 655350)
        self._raw = bytearray(2 * len(pins))
        self._how = steps(full / top, 0, len(pins), signed=False)

    def read(self, buffer, offset):
        """Writes one row to buffer[offset] and the items after it: for `capture`."""
        raw = self._raw
        i = 0
        for radio in self._radios:
            if radio.active():
                raise SourceError(
                    "pins: %s: read by ADC2, which does not work while Wi-Fi is on: use a pin of ADC1 (32 to 39 of an "
                    "ESP32), or turn Wi-Fi off before" % ", ".join(self._shared)
                )
        for input in self._inputs:
            value = input.read_uv() // _UV_STEP if self._volts else input.read_u16()
            raw[i] = value & 0xFF
            raw[i + 1] = value >> 8
            i += 2
        scaled(buffer, offset, raw, self._how)


def _input(pin):
    """Returns the ADC of a pin."""
    if hasattr(pin, "read_u16"):
        return pin
    if isinstance(pin, int):
        pin = Pin(pin)
    widest = getattr(ADC, "ATTN_11DB", None)  # ESP32: without this attenuation, the range ends at 1 V
    return ADC(pin) if widest is None else ADC(pin, atten=widest)


def _is_shared(input):
    """Returns whether the ADC is of the converter that Wi-Fi uses, too; only an ESP32's has a block()."""
    return hasattr(input, "block") and repr(input.block()).startswith("ADCBlock(1,")  # counted from 0


def _radios():
    """Returns the interfaces of Wi-Fi."""
    from network import AP_IF, STA_IF, WLAN

    return WLAN(STA_IF), WLAN(AP_IF)
