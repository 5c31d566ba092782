"""I2C motion sensors at register level, written from their data sheets and not from the drivers: the base, `Chip`.

What moves is a function `motion(n)` of the number of the measurement: three accelerations in g, three rotations in
degrees/s. `clock()` gives microseconds. Measurements happen by the chip's own rate, as far as time has gone on, at each
access. `raw`: what the chip counts, instead, in the order of the registers.
"""

import time


def still(n):
    return (0, 0, 1, 0, 0, 0)


class Chip:
    size = 0x80
    reset_values = {}
    read_only = ()
    fifo_bytes = 1024

    def __init__(self, motion=still, clock=time.ticks_us):
        self.motion = motion
        self.clock = clock
        self.answers = True
        self.raw = None
        self.writes = []
        self.power_on()

    def power_on(self):
        """As after a power cut, or a reset."""
        self.registers = bytearray(self.size)
        for register, value in self.reset_values.items():
            self.registers[register] = value
        self.fifo = []
        self.count = 0
        self.lost = False
        self.then = self.clock()

    # -- what the master does: the first byte is the register's number, each further one moves the pointer
    def read_into(self, register, buffer):
        self.measure()
        pointer = register
        for i in range(len(buffer)):
            buffer[i] = self.get(pointer & 0x7F)
            pointer = self.next(pointer)

    def write(self, register, data):
        self.measure()
        for value in data:
            self.writes.append((register, value))
            if register not in self.read_only:
                self.put(register & 0x7F, value)
            register = self.next(register)

    def next(self, pointer):
        return pointer + 1

    def get(self, register):
        return self.registers[register]

    def put(self, register, value):
        self.registers[register] = value

    # -- what the chip does meanwhile
    def measure(self):
        rate = self.rate()
        now = self.clock()
        if not rate:
            self.then = now
            return
        due = time.ticks_diff(now, self.then) * rate // 1_000_000
        self.then = time.ticks_add(self.then, due * 1_000_000 // rate)
        for _ in range(due):
            self.take(self.motion(self.count))
            self.count += 1

    def push(self, packet):
        """Into the FIFO; the oldest goes when there is no room."""
        self.fifo.append(packet)
        while len(self.fifo) * len(packet) > self.fifo_bytes:
            self.fifo.pop(0)
            self.lost = True

    def counts(self, motion, lsb_g, lsb_dps):
        """16 bits of each, which end at their ends."""
        if self.raw:
            return self.raw
        values = [motion[i] * (lsb_g if i < 3 else lsb_dps) for i in range(6)]
        return [min(max(round(value), -32768), 32767) for value in values]


def big(values):
    return b"".join([bytes((value >> 8 & 0xFF, value & 0xFF)) for value in values])


def little(values):
    return b"".join([bytes((value & 0xFF, value >> 8 & 0xFF)) for value in values])
