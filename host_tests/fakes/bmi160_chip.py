"""BMI160: Bosch Sensortec data sheet BST-BMI160-DS000, and "BMI160 FIFO Advanced Usage"."""

import time

from chip import Chip, little


class Bmi160(Chip):
    reset_values = {0x00: 0xD1, 0x40: 0x28, 0x41: 0x03, 0x42: 0x28, 0x47: 0x10, 0x46: 0x80}
    read_only = (0x00, 0x03) + tuple(range(0x0C, 0x18)) + (0x22, 0x23)
    fails = False  # True: the gyroscope does not start

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
        # of both sensors: 100 / 2 ** (8 - odr)
        return 100 * (1 << (self.registers[0x40] & 15)) >> 8 if self._pmu() else 0

    def take(self, motion):
        lsb_g = {3: 16384, 5: 8192, 8: 4096, 12: 2048}[self.registers[0x41] & 15]
        lsb_dps = 16.4 * (1 << (self.registers[0x43] & 7))
        six = self.counts(motion, lsb_g, lsb_dps)
        packet = little(list(six[3:]) + list(six[:3]))
        self.registers[0x0C:0x18] = packet
        on = self.registers[0x47]
        if on & 0xF0 == 0xC0 and not self.count % (1 << (self.registers[0x45] & 7)):  # FIFO_DOWNS
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
            return  # in suspend mode it ignores a write within 450 us of another
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
