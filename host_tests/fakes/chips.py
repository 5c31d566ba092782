"""I2C motion sensors at register level, written from their data sheets and not from the drivers.

Mpu6050: InvenSense RM-MPU-6000A-00 rev 4.2, PS-MPU-6000A-00 rev 3.4; Mpu6886: TDK "MPU-6886 Datasheet" rev 1.1;
Lis3dh: ST DocID17530 rev 2 and AN3308; Bmi160: Bosch BST-BMI160-DS000 and "BMI160 FIFO Advanced Usage".

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


class Mpu6050(Chip):
    reset_values = {0x6B: 0x40, 0x75: 0x68}  # asleep
    read_only = (0x75, 0x3A) + tuple(range(0x3B, 0x49)) + (0x72, 0x73)
    temperature = 0x1234

    def rate(self):
        if self.registers[0x6B] & 0x40:
            return 0
        base = 1000 if self.registers[0x1A] & 7 in (1, 2, 3, 4, 5, 6) else 8000
        return base // (1 + self.registers[0x19])

    def take(self, motion):
        lsb_g = 16384 >> (self.registers[0x1C] >> 3 & 3)
        lsb_dps = (131, 65.5, 32.8, 16.4)[self.registers[0x1B] >> 3 & 3]
        six = self.counts(motion, lsb_g, lsb_dps)
        packet = big(list(six[:3]) + [self.temperature] + list(six[3:]))
        self.registers[0x3B:0x49] = packet
        if self.registers[0x6A] & 0x40:
            for byte in self.chosen(packet):  # the FIFO is one of bytes
                self.push(bytes((byte,)))
        if self.lost and self.registers[0x38] & 0x10:
            self.registers[0x3A] |= 0x10

    def chosen(self, packet):
        on = self.registers[0x23]
        parts = [packet[:6] if on & 8 else b"", packet[6:8] if on & 0x80 else b""]
        parts += [packet[8 + 2 * i : 10 + 2 * i] if on & 0x40 >> i else b"" for i in range(3)]
        return b"".join(parts)

    def next(self, pointer):
        return pointer if pointer == 0x74 else pointer + 1

    def get(self, register):
        if register == 0x74:
            if self.fifo:
                self.last = self.fifo.pop(0)[0]
            return self.last
        if register == 0x72:
            self.registers[0x72:0x74] = big([len(self.fifo)])
        value = self.registers[register]
        if register == 0x3A:
            self.registers[register] = 0
            self.lost = False
        return value

    last = 0

    def put(self, register, value):
        if register == 0x6B and value & 0x80:
            self.power_on()
            return
        if register == 0x6A and value & 4:
            if not value & 0x40:
                self.fifo = []
                self.lost = False
            value &= ~4
        self.registers[register] = value


class Mpu6886(Mpu6050):
    reset_values = {0x6B: 0x41, 0x75: 0x19}

    def chosen(self, packet):
        on = self.registers[0x23]
        if on & 0x18 == 0x18:
            return packet
        return packet[:8] if on & 8 else packet[6:] if on & 0x10 else b""


class Lis3dh(Chip):
    size = 0x40
    reset_values = {0x0F: 0x33, 0x20: 0x07}
    read_only = (0x0F, 0x2F) + tuple(range(0x28, 0x2E))
    fifo_bytes = 32 * 6

    def next(self, pointer):
        if not pointer & 0x80:
            return pointer  # only with the first bit does it count up
        if pointer == 0x80 | 0x2D and self.registers[0x24] & 0x40:
            return 0x80 | 0x28
        return pointer + 1

    def rate(self):
        odr = self.registers[0x20] >> 4
        return (0, 1, 10, 25, 50, 100, 200, 400)[odr] if odr < 8 else 1344

    def take(self, motion):
        digits = (1, 2, 4, 12)[self.registers[0x23] >> 4 & 3]  # mg
        bits = 8 if self.registers[0x20] & 8 else 12 if self.registers[0x23] & 8 else 10
        step = 1 << 16 - bits
        six = self.counts(motion, 16000 / digits, 0)[:3]
        packet = little([value // step * step for value in six])
        if not self.registers[0x24] & 0x40 or not self.registers[0x2E] & 0xC0:
            self.registers[0x28:0x2E] = packet
        elif self.registers[0x2E] & 0xC0 == 0x80:
            self.push(packet)

    def get(self, register):
        if register == 0x2F:
            n = len(self.fifo)
            return (0x40 if self.lost else 0) | (0 if n else 0x20) | min(n, 31)
        if 0x28 <= register <= 0x2D and self.fifo:
            value = self.fifo[0][register - 0x28]
            if register == 0x2D:
                self.fifo.pop(0)
                self.lost = False
            return value
        return self.registers[register]

    def put(self, register, value):
        self.registers[register] = value
        if register == 0x2E and not value & 0xC0:  # bypass mode
            self.fifo = []
            self.lost = False


class Bmi160(Chip):
    reset_values = {0x00: 0xD1, 0x40: 0x28, 0x41: 0x03, 0x42: 0x28, 0x47: 0x10, 0x46: 0x80}
    read_only = (0x00, 0x03) + tuple(range(0x0C, 0x18)) + (0x22, 0x23)
    fails = False  # a gyroscope that does not start

    def power_on(self):
        super().power_on()
        self.acc_at = self.gyr_at = self.wrote = None

    def _normal(self, since, us):
        return since is not None and time.ticks_diff(self.clock(), since) >= us

    def _pmu(self):
        acc = self._normal(self.acc_at, 3800)
        gyr = self._normal(self.gyr_at, 80_000) and not self.fails
        return (0x10 if acc else 0) | (4 if gyr else 0)

    def rate(self):
        # both at the same rate: 100 / 2 ** (8 - odr)
        return 100 * (1 << (self.registers[0x40] & 15)) >> 8 if self._pmu() else 0

    def take(self, motion):
        lsb_g = {3: 16384, 5: 8192, 8: 4096, 12: 2048}[self.registers[0x41] & 15]
        lsb_dps = 16.4 * (1 << (self.registers[0x43] & 7))
        six = self.counts(motion, lsb_g, lsb_dps)
        packet = little(list(six[3:]) + list(six[:3]))
        self.registers[0x0C:0x18] = packet
        on = self.registers[0x47]
        if on & 0xF0 == 0xC0:
            self.push(packet)

    def next(self, pointer):
        return pointer if pointer == 0x24 else pointer + 1

    def read_into(self, register, buffer):
        if register == 0x24:
            self.measure()
            whole = len(buffer) // 12
            data = b"".join(self.fifo[:whole])
            self.fifo = self.fifo[whole:]  # a frame that is read in part stays
            data += b"\x00\x80" * len(buffer)
            buffer[:] = data[: len(buffer)]
        else:
            super().read_into(register, buffer)

    def get(self, register):
        if register == 0x03:
            return self._pmu()
        if register in (0x22, 0x23):
            return little([12 * len(self.fifo)])[register - 0x22]
        return self.registers[register]

    def put(self, register, value):
        now = self.clock()
        early = self.wrote is not None and time.ticks_diff(now, self.wrote) < 450
        self.wrote = now
        if early and not self._pmu():
            return  # in suspend mode it takes a write every 450 us only
        if register != 0x7E:
            self.registers[register] = value
        elif value == 0xB6:
            self.power_on()
        elif value == 0x11:
            self.acc_at = now
        elif value == 0x15:
            self.gyr_at = now
        elif value == 0xB0:
            self.fifo = []
