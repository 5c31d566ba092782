"""I2C motion sensors simulated at register level, from their data sheets and not from the drivers: the base, `Chip`.

`motion(n)` returns the motion at measurement n: three accelerations in g, three rotations in degrees/s. `clock()`
returns microseconds. At each access the chip makes the measurements that are due at its own rate since the last one.
`raw`: counts in the order of the registers, used instead of the motion.
"""

import time


def still(n):
    return (0, 0, 1, 0, 0, 0)


class Chip:
    size = 0x80
    reset_values = {}
    read_only = ()
    fifo_bytes = 1024
    speed = 1  # how fast its own clock is

    def __init__(self, motion=still, clock=time.ticks_us):
        self.motion = motion
        self.clock = clock
        self.answers = True
        self.raw = None
        self.writes = []
        self.power_on()

    def power_on(self):
        """Sets the state after power-on or a reset."""
        self.registers = bytearray(self.size)
        for register, value in self.reset_values.items():
            self.registers[register] = value
        self.fifo = []
        self.count = 0
        self.lost = False
        self.measured_at = self.clock()

    # -- transfers of the master: the first byte is the register's number, each further one moves the pointer
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

    # -- measurements
    def measure(self):
        rate = self.rate()
        now = self.clock()
        if not rate:
            self.measured_at = now
            return
        rate *= self.speed
        due = int(time.ticks_diff(now, self.measured_at) * rate / 1_000_000)
        self.measured_at = time.ticks_add(self.measured_at, int(due * 1_000_000 / rate))
        for _ in range(due):
            self.take(self.motion(self.count))
            self.count += 1

    def push(self, packet):
        """Appends to the FIFO; the oldest packet is dropped when it is full."""
        self.fifo.append(packet)
        while len(self.fifo) * len(packet) > self.fifo_bytes:
            self.fifo.pop(0)
            self.lost = True

    def counts(self, motion, lsb_g, lsb_dps):
        """Returns the six values as 16-bit counts, limited to their range."""
        if self.raw:
            return self.raw
        values = [motion[i] * (lsb_g if i < 3 else lsb_dps) for i in range(6)]
        return [min(max(round(value), -32768), 32767) for value in values]


def big(values):
    return b"".join([bytes((value >> 8 & 0xFF, value & 0xFF)) for value in values])


def little(values):
    return b"".join([bytes((value & 0xFF, value >> 8 & 0xFF)) for value in values])
