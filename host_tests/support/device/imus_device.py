"""Runs on MicroPython: the drivers of the IMUs, on simulated chips behind the I2C bus of fakes/machine.py."""

from array import array

import chips
import machine
import micropython
from edgeingest import Sample
from edgeingest.capture import capture
from edgeingest.sources import scaling
from edgeingest.sources.bmi160 import Bmi160
from edgeingest.sources.fifo import FifoRows
from edgeingest.sources.lis3dh import Lis3dh
from edgeingest.sources.mpu6050 import Mpu6050
from edgeingest.sources.mpu6886 import Mpu6886

KINDS = {"mpu6050": (Mpu6050, 0x68), "mpu6886": (Mpu6886, 0x68), "lis3dh": (Lis3dh, 0x18), "bmi160": (Bmi160, 0x68)}
SIMS = {"mpu6050": chips.Mpu6050, "mpu6886": chips.Mpu6886, "lis3dh": chips.Lis3dh, "bmi160": chips.Bmi160}


def attach(name, sim=None, address=None, motion=chips.still):
    """Puts a simulated chip on the bus. Its clock advances at every reading, so a test never waits for the chip."""
    state = [0]

    def clock():
        state[0] += 100
        return state[0]

    chip = SIMS[sim or name](motion, clock)
    machine.buses[0] = {address or KINDS[name][1]: chip, 0x3C: chips.Mpu6050()}

    def tick(us):
        state[0] += us

    chip.tick = tick
    return chip


class Ticks:
    """Replaces `time` in the drivers: the time in which the chip is, by a clock without error."""

    def __init__(self, chip):
        self.ticks_us = chip.clock


class Slow:
    """Replaces `time.sleep_ms`: advances the clock of the chip."""

    def __init__(self, chip):
        self.chip = chip

    def __call__(self, ms):
        self.chip.tick(1000 * ms)


def make(name, chip, **options):
    import edgeingest.sources.bmi160
    import edgeingest.sources.imu
    import edgeingest.sources.lis3dh
    import edgeingest.sources.mpu6050

    for module in (edgeingest.sources.mpu6050, edgeingest.sources.lis3dh, edgeingest.sources.bmi160):
        module.sleep_ms = Slow(chip)
    edgeingest.sources.imu.time = Ticks(chip)
    return KINDS[name][0](machine.I2C(0), **options)


def one(name, raw, **options):
    chip = attach(name)
    imu = make(name, chip, **options)
    chip.raw = raw
    chip.tick(20000)
    axes = len(imu.sensors)
    buffer = array("f", [7.0] * (axes + 2))
    imu.read(buffer, 1)
    return buffer[1:-1], buffer[0] == buffer[axes + 1] == 7.0, imu.sensors


def clone(name, says, **options):
    """Returns the newest row of a chip that has the registers of another one, but says that it is of this kind."""
    chip = attach(name)
    chip.reset_values = dict(chip.reset_values)
    chip.reset_values[0x75] = says
    chip.power_on()
    imu = make(name, chip, **options)
    chip.raw = [16384, 0, 0, 131, 0, 0]
    chip.tick(20000)
    buffer = array("f", bytes(4 * 6))
    imu.read(buffer, 0)
    return buffer


def first(name):
    """Returns the first row, which is read without a wait."""
    chip = attach(name, motion=lambda n: (0.5, 0, 0, 0, 0, 0))
    imu = make(name, chip)
    buffer = array("f", bytes(4 * len(imu.sensors)))
    imu.read(buffer, 0)
    return buffer[0]


def told(name, motion, **options):
    chip = attach(name, motion=lambda n: motion)
    imu = make(name, chip, **options)
    chip.tick(20000)
    buffer = array("f", [0.0] * len(imu.sensors))
    imu.read(buffer, 0)
    return buffer


def wrong_buffers(name):
    chip = attach(name)
    imu = make(name, chip)
    error_text = []
    for buffer, offset in (
        (array("h", bytes(24)), 0),
        (array("d", bytes(96)), 0),
        (array("f", bytes(24)), 6),
        (array("f", bytes(24)), -1),
        (bytearray(48), 0),
        ([0.0] * 6, 0),
    ):
        try:
            imu.read(buffer, offset)
            error_text.append(None)
        except Exception as e:
            error_text.append((type(e).__name__, str(e)))
    return error_text


def faulty(name, sim=None, fault=None, address=None, **options):
    chip = attach(name, sim, address)
    if fault == "silent":
        chip.answers = False
    if fault == "asleep":
        chip.fails = True
    imu = make(name, chip, **options)
    buffer = array("f", bytes(4 * 60 * len(imu.sensors)))
    axes = len(imu.sensors)
    if fault == "pulled off":
        imu.read(buffer, 0)
        chip.answers = False
        imu.read(buffer, 0)
    if fault in ("reset", "range"):
        for row in range(20):
            imu.read(buffer, row * axes)
        if fault == "reset":
            chip.power_on()
        else:
            others = {"mpu6050": (0x1C, 0x18), "mpu6886": (0x1B, 0x18), "lis3dh": (0x23, 0xB8), "bmi160": (0x41, 12)}
            register, value = others[name]
            chip.registers[register] = value
        for _ in range(60):
            imu.read(buffer, 0)
    if fault == "overflow":
        imu.start_fifo(100)
        chip.tick(2000000)
        imu.read_fifo(buffer)
    return imu


def fifo(name, rate, ms, steps, rows=1000):
    """Returns what the FIFO gives when it is read every `ms`."""
    chip = attach(name, motion=lambda n: (n % 100 / 100, -n % 64 / 64, 1, n % 50, -1, 0.5))
    imu = make(name, chip)
    imu.start_fifo(rate)
    begin = chip.count
    axes = len(imu.sensors)
    buffer = array("f", bytes(4 * axes * rows))
    got = 0
    counts = []
    for _ in range(steps):
        chip.tick(1000 * ms)
        counts.append(imu.read_fifo(buffer, got * axes))
        got += counts[-1]
    return begin, counts, buffer[: got * axes]


def restarted(name, noticed=True):
    """Uses the same object again after an overflow: no row from before it may be returned."""
    error_text = None
    chip = attach(name)
    imu = make(name, chip)
    imu.start_fifo(100)
    chip.tick(2000000)
    buffer = array("f", bytes(24 * 100))
    try:
        if noticed:
            imu.read_fifo(buffer)
    except Exception as e:
        error_text = str(e)
    chip.motion = lambda n: (0.5, 0, 0, 0, 0, 0)
    imu.start_fifo(100)
    chip.tick(100000)
    n = imu.read_fifo(buffer)
    return error_text, n, buffer[: n * len(imu.sensors)]


def left(name, register, value):
    """A chip that another program has set up, without a power cut since."""
    chip = attach(name, motion=lambda n: (0.5, 0.5, 0.5, 10, 10, 10))
    chip.registers[register] = value
    imu = make(name, chip)
    buffer = array("f", bytes(24 * 100))
    imu.read(buffer, 0)
    imu.start_fifo(100)
    chip.tick(200000)
    return buffer[:3], imu.read_fifo(buffer)


def streamed(name, rows, step):
    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, n % 50, -1, 0.5))
    imu = make(name, chip)
    imu.start_fifo(100)
    begin = chip.count
    source = FifoRows(imu)
    body = Sample(imu.sensors, 10, source, "T", typecode="f", rows=rows).body()
    out = b""
    nothing = 0
    window = bytearray(step)
    while True:
        n = body.readinto(window)
        if n == 0:
            return begin, nothing, out
        if n is None:
            nothing += 1
            chip.tick(37000)
        else:
            out += bytes(window[:n])


def small_windows(name, step):
    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, 0, 0, 0))
    imu = make(name, chip)
    imu.start_fifo(100)
    source = FifoRows(imu, 2)
    out = b""
    window = bytearray(step)
    while len(out) < 240:
        n = source.readinto(window)
        if n is None:
            chip.tick(30000)
        else:
            out += bytes(window[:n])
    return out


def captured(name, rows):
    chip = attach(name)
    imu = make(name, chip)
    chip.raw = [16384, -8192, 4096, 131, -262, 393]
    chip.tick(10000)
    sample = capture(imu.read, rows, 2000, imu.sensors, "T", name="wave.01", tolerance=None)
    body = sample.body(hmac_key="fed53116f20684c067774ebf9e7bcbdc")
    out = b""
    window = bytearray(100)
    while True:
        n = body.readinto(window)
        if not n:
            return out
        out += bytes(window[:n])


def locked(name):
    class Quiet:
        """A bus that allocates nothing, like that of a board."""

        def readfrom_mem_into(self, address, register, buffer):
            buffer[0] = registers[register & 0x7F]

    chip = attach(name)
    imu = make(name, chip)
    registers = chip.registers
    imu._i2c = Quiet()
    buffer = array("f", bytes(24 * 200))
    axes = len(imu.sensors)
    imu.read(buffer, 0)
    micropython.heap_lock()
    try:
        i = 0
        while i < 200 * axes:
            imu.read(buffer, i)
            i += axes
    finally:
        micropython.heap_unlock()
    return True


def scaled(values, factor, signed, plain):
    how = scaling.steps(factor, 0, len(values) // 2, False, signed)
    out = array("f", bytes(2 * len(values)))
    if plain:
        out[len(out) - 1] = 0.5
        scaling._scale(out, 0, values, how)
    else:
        scaling.scaled(out, 0, values, how)
    return bytes(out), how[7]


def filled(name, ms, pause_ms=0):
    """Reads a FIFO of 100 rows a second after so many ms. pause_ms: between the look at its state and the first row.

    Returns (number of rows lost by the chip, number of rows that do not follow, rows, times full), or the error."""
    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, 0, 0, 0))
    imu = make(name, chip)
    imu.start_fifo(100)
    begin = chip.count
    chip.tick(1000 * ms)
    waiting = imu._waiting

    def paused():
        count = waiting()
        chip.tick(1000 * pause_ms)
        return count

    imu._waiting = paused
    axes = len(imu.sensors)
    buffer = array("f", bytes(4 * axes * 200))
    try:
        rows = imu.read_fifo(buffer)
    except Exception as e:
        return str(e)
    wrong = 0
    for i in range(rows):
        wrong += abs(buffer[i * axes] / 9.80665 - (begin + i) % 100 / 100) > 0.004
    return wrong, rows, imu.timing.full


def skewed(name, speed, rows, **options):
    """Reads rows of a chip whose clock is so fast. Returns (measured interval in us, rows, times full)."""
    chip = attach(name)
    chip.speed = speed
    imu = make(name, chip)
    imu.start_fifo(100)
    source = FifoRows(imu, **options)
    body = Sample(imu.sensors, 10, source, "T", typecode="f", rows=rows).body()
    window = bytearray(500)
    while True:
        n = body.readinto(window)
        if n == 0:
            return source.timing.interval_us, source.timing.rows, repr(source.timing)
        if n is None:
            chip.tick(37000)


def start_of_the_gyroscope(name, filter):
    """Returns the first row of a chip at rest."""
    chip = attach(name)
    imu = make(name, chip, filter=filter)
    buffer = array("f", bytes(24))
    imu.read(buffer, 0)
    return buffer


def asleep(name):
    """Reads 300 rows while the board's clock stands still. Returns how many were counted."""
    import edgeingest.sources.imu

    class Still:
        def ticks_us(self):
            return 5

    chip = attach(name, motion=lambda n: (n % 100 / 100, 0, 1, 0, 0, 0))
    imu = make(name, chip)
    edgeingest.sources.imu.time = Still()
    imu.start_fifo(100)
    body = Sample(imu.sensors, 10, FifoRows(imu), "T", typecode="f", rows=300).body()
    window = bytearray(500)
    while True:
        n = body.readinto(window)
        if n == 0:
            return imu.timing.rows
        if n is None:
            chip.tick(200000)
