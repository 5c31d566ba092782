"""LIS3DH: ST data sheet DocID17530 revision 2, and application note AN3308 (FIFO).

Table 52: OVRN is 1 while 32 rows are unread; the next one replaces the oldest; reading a row makes it 0. FSS counts the
unread rows. Section 3.6: rows of the FIFO have 10 bits (AN3308 9.1 says 12, which `fifo_bits` sets).
"""

from chip import Chip, little


class Lis3dh(Chip):
    size = 0x40
    reset_values = {0x0F: 0x33, 0x20: 0x07}
    read_only = (0x0F, 0x2F) + tuple(range(0x28, 0x2E))
    fifo_bytes = 32 * 6
    fifo_bits = 10

    def next(self, pointer):
        if not pointer & 0x80:
            return pointer  # it increments only with the first bit set
        if pointer == 0x80 | 0x2D and self.registers[0x24] & 0x40:
            return 0x80 | 0x28
        return pointer + 1

    def rate(self):
        odr = self.registers[0x20] >> 4
        return (0, 1, 10, 25, 50, 100, 200, 400)[odr] if odr < 8 else 1344

    def take(self, motion):
        digits = (1, 2, 4, 12)[self.registers[0x23] >> 4 & 3]  # mg
        bits = 8 if self.registers[0x20] & 8 else 12 if self.registers[0x23] & 8 else 10
        if self.registers[0x24] & 0x40:
            bits = min(bits, self.fifo_bits)
        step = 1 << 16 - bits
        six = self.counts(motion, 16000 / digits, 0)[:3]
        if self.registers[0x21] & 8:  # FDS: data from the high-pass filter, which removes what is constant
            six = [0, 0, 0]
        packet = little([value // step * step for value in six])
        if not self.registers[0x24] & 0x40 or not self.registers[0x2E] & 0xC0:
            self.registers[0x28:0x2E] = packet
        elif self.registers[0x2E] & 0xC0 == 0x80:
            self.push(packet)

    def get(self, register):
        if register == 0x2F:
            n = len(self.fifo)
            return (0x40 if n == 32 else 0) | (0 if n else 0x20) | min(n, 31)
        if 0x28 <= register <= 0x2D and self.fifo:
            value = self.fifo[0][register - 0x28]
            if register == 0x2D:
                self.fifo.pop(0)
            return value
        return self.registers[register]

    def put(self, register, value):
        self.registers[register] = value
        if register == 0x2E and not value & 0xC0:  # bypass mode
            self.fifo = []
            self.lost = False
