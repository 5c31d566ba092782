"""MPU6050: InvenSense RM-MPU-6000A-00 revision 4.2, PS-MPU-6000A-00 revision 3.4. MPU6886: TDK's data sheet.

The gyroscope needs time to start, in which its values are no rotation: PS-MPU-6000A-00 6.1 says 30 ms for DLPF_CFG 0,
which is longer with a filter; the MPU6886's table of the gyroscope has 100 ms as the maximum.
"""

import time

from chip import Chip, big


class Mpu6050(Chip):
    reset_values = {0x6B: 0x40, 0x75: 0x68}  # asleep
    read_only = (0x75, 0x3A) + tuple(range(0x3B, 0x49)) + (0x72, 0x73)
    temperature = 0x1234
    gyro_ms = 60

    def power_on(self):
        super().power_on()
        self.awake_at = None

    def rate(self):
        if self.registers[0x6B] & 0x40:
            return 0
        base = 1000 if self.registers[0x1A] & 7 in (1, 2, 3, 4, 5, 6) else 8000
        return base // (1 + self.registers[0x19])

    def take(self, motion):
        lsb_g = 16384 >> (self.registers[0x1C] >> 3 & 3)
        lsb_dps = (131, 65.5, 32.8, 16.4)[self.registers[0x1B] >> 3 & 3]
        six = self.counts(motion, lsb_g, lsb_dps)
        if self.awake_at is None or time.ticks_diff(self.clock(), self.awake_at) < 1000 * self.gyro_ms:
            six = list(six[:3]) + [12345] * 3
        six = [0 if self.registers[0x6C] & 0x20 >> i else six[i] for i in range(6)]  # PWR_MGMT_2: axes on standby
        packet = big(list(six[:3]) + [self.temperature] + list(six[3:]))
        self.registers[0x3B:0x49] = packet
        if self.registers[0x6A] & 0x40:
            for byte in self.chosen(packet):  # its FIFO holds bytes
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
        if register == 0x6B and not value & 0x40 and self.registers[0x6B] & 0x40:
            self.awake_at = self.clock()
        if register == 0x6A and value & 4:
            if not value & 0x40:
                self.fifo = []
                self.lost = False
            value &= ~4
        self.registers[register] = value


class Mpu6886(Mpu6050):
    reset_values = {0x6B: 0x41, 0x75: 0x19}
    gyro_ms = 100

    def chosen(self, packet):
        on = self.registers[0x23]
        if on & 0x18 == 0x18:
            return packet
        return packet[:8] if on & 8 else packet[6:] if on & 0x10 else b""
