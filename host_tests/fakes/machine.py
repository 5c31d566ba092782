"""MicroPython's `machine` as its documentation describes it, with simulated peripherals.

A test attaches them in: `buses`, id -> {address: chip} (see chips.py); `voltages`, pin -> function of no argument;
`sounds`, id -> function (count) -> values of 24 bits; `levels`, pin -> function of no argument.
`pins` and `rp2` say what the ports refuse.
"""

import time

buses = {}
voltages = {}
sounds = {}
levels = {}
pins = None  # the pins that this board has; None: any
rp2 = False  # whether an I2C has pins of its own, as on an RP2


class RTC:
    set = None

    def datetime(self, when):
        RTC.set = when
        if hasattr(time, "behind"):
            time.behind = 0


class Pin:
    IN, OUT, PULL_UP = 0, 1, 2

    def __init__(self, id, mode=-1, pull=-1, value=None):
        if pins is not None and id not in pins:
            raise ValueError("invalid pin")  # ports/esp32/machine_pin.c:117 of MicroPython 1.26.1
        self.id = id

    def value(self):
        return levels[self.id]()


class I2C:
    """A master. A transfer that no chip acknowledges is an OSError, as on an ESP32."""

    def __init__(self, id=0, scl=None, sda=None, freq=400_000, timeout=50_000):
        if rp2 and scl and (scl.id & 1 != 1 or scl.id >> 1 & 1 != id):  # ports/rp2/machine_i2c.h:66
            raise ValueError("bad SCL pin")
        if rp2 and sda and (sda.id & 1 != 0 or sda.id >> 1 & 1 != id):
            raise ValueError("bad SDA pin")
        self._chips = buses.get(id, {})
        self.transfers = 0

    def scan(self):
        return sorted([address for address, chip in self._chips.items() if chip.answers])

    def _chip(self, address):
        chip = self._chips.get(address)
        self.transfers += 1
        if chip is None or not chip.answers:
            raise OSError(19)
        return chip

    def readfrom_mem_into(self, address, register, buffer):
        self._chip(address).read_into(register, buffer)

    def readfrom_mem(self, address, register, count):
        buffer = bytearray(count)
        self.readfrom_mem_into(address, register, buffer)
        return bytes(buffer)

    def writeto_mem(self, address, register, data):
        self._chip(address).write(register, data)


SoftI2C = I2C


class ADC:
    """12 bits in 16, as on an RP2040: 3.3 V is full scale."""

    def __init__(self, pin):
        self._volts = voltages[pin.id]

    def read_u16(self):
        n = min(max(round(self._volts() / 3.3 * 4095), 0), 4095)
        return n << 4 | n >> 8


class CalibratedADC(ADC):
    """As on an ESP32, whose range ends near 1 V without attenuation."""

    ATTN_0DB, ATTN_11DB = 0, 3

    def __init__(self, pin, atten=ATTN_0DB):
        super().__init__(pin)
        self._max_volts = 3.1 if atten == self.ATTN_11DB else 0.95

    def read_uv(self):
        return round(min(self._volts(), self._max_volts) * 1000) * 1000


class I2S:
    """A receiver that buffers `ibuf` bytes until they are read; further sound is lost. `waits`: in real time."""

    RX, TX, MONO, STEREO = 0, 1, 2, 3
    waits = True
    made = []

    def __init__(self, id, sck, ws, sd, mode, bits, format, rate, ibuf):
        if rp2 and ws.id != sck.id + 1:
            raise ValueError("invalid ws (must be sck+1)")  # ports/rp2/machine_i2s.c:516
        if mode != I2S.RX or format != I2S.MONO:
            raise ValueError("only a mono receiver is simulated")
        self.sound, self.bits, self.rate, self.ibuf = sounds[id], bits, rate, ibuf
        self.began = time.ticks_ms()
        self.taken = 0  # values that were read or lost
        self.off = False
        I2S.made.append(self)

    def readinto(self, buffer):
        width = self.bits // 8
        count = len(buffer) // width
        kept = self.ibuf // width
        if I2S.waits:
            heard = self._heard()
            if heard - self.taken > kept + count:
                # the driver keeps the oldest values, and drops those that come while its buffer is full
                values = self.sound(self.taken, min(count, kept))
                self.taken = heard - (kept - len(values))
            else:
                values = self.sound(self.taken, count)
                self.taken += len(values)
                while self._heard() < self.taken:
                    time.sleep_ms(1)
        else:
            values = self.sound(self.taken, count)
            self.taken += count
        at = 0
        for value in values:  # 24 bits in the upper bits of a slot
            for shift in range(24 - self.bits, 24, 8):
                buffer[at] = value >> shift & 0xFF if shift >= 0 else 0
                at += 1
        return at

    def _heard(self):
        return time.ticks_diff(time.ticks_ms(), self.began) * self.rate // 1000

    def deinit(self):
        self.off = True


sleeps_left = 0  # how often the program goes on after a light sleep


def lightsleep(ms=None):
    """Goes on after so many sleeps, and ends the program then."""
    global sleeps_left
    awake = False
    try:  # ports/rp2/modmachine.c:168 and :285: an interrupt of the radio prevents or ends the sleep
        import network

        awake = rp2 and network.WLAN(network.STA_IF).powered
    except ImportError:  # a plain Pico
        pass
    print("lightsleep", ms, "but stays awake: the radio is on" if awake else "")
    if not sleeps_left:
        raise SystemExit
    sleeps_left -= 1
    for listener in getattr(time, "listeners", ()):
        listener(123)  # the chips would have to measure all that time


def deepsleep(ms=None):
    """Ends the program, as on a board, which restarts after it."""
    print("deepsleep", ms)
    raise SystemExit
