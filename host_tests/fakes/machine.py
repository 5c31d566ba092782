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


class ADCBlock:
    """ports/esp32/machine_adc_block.c: the units are counted from 0, as ESP-IDF 5 does."""

    def __init__(self, unit):
        self.unit = unit

    def __repr__(self):
        return f"ADCBlock({self.unit}, bits=12)"


class CalibratedADC(ADC):
    """As on an ESP32, whose range ends near 1 V without attenuation.

    ADC2 has the pins 0 2 4 12 to 15 25 to 27 (ESP32 data sheet 5.1, table of pins). While Wi-Fi has it, ESP-IDF returns
    ESP_ERR_TIMEOUT; MicroPython 1.26 (ports/esp32/adc.c, madcblock_read_helper) ignores that and returns 0.
    """

    ATTN_0DB, ATTN_11DB = 0, 3
    WIFI_PINS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)

    def __init__(self, pin, atten=ATTN_0DB):
        super().__init__(pin)
        self._max_volts = 3.1 if atten == self.ATTN_11DB else 0.95
        self._unit = 1 if pin.id in self.WIFI_PINS else 0

    def block(self):
        return ADCBlock(self._unit)

    def _taken(self):
        import network

        return self._unit == 1 and (network.WLAN(0).active() or network.WLAN(1).active())

    def read_u16(self):
        return 0 if self._taken() else super().read_u16()

    def read_uv(self):
        if self._taken():
            return 0
        return round(min(self._volts(), self._max_volts) * 1000) * 1000


class Clock:
    """A clock that only advances when something waits or works: `now` in microseconds."""

    def __init__(self):
        self.now = 0

    def ticks_us(self):
        return self.now & 0x3FFFFFFF

    def ticks_ms(self):
        return self.now // 1000 & 0x3FFFFFFF

    def ticks_diff(self, end, start):
        return (end - start + 0x20000000 & 0x3FFFFFFF) - 0x20000000

    def ticks_add(self, ticks, delta):
        return ticks + delta & 0x3FFFFFFF

    def sleep_us(self, us):
        self.now += us

    def sleep_ms(self, ms):
        self.now += 1000 * ms


def inmp441(sound):
    """Returns the output of a microphone that hears `sound`: 0 for 2**18 clock cycles, 64 of them for each value.

    Source: InvenSense, INMP441, DS-INMP441-00 revision 1.1, "Normal Operation" and "I2S Data Interface".
    """

    def output(start, count):
        silent = min(max((1 << 18) // 64 - start, 0), count)
        return [0] * silent + sound(start + silent, count - silent)

    return output


class MemoryOverwritten(BaseException):
    """A real board would go on with wrong memory, or crash."""


class I2S:
    """A receiver, as the two ports have it in MicroPython 1.23 to 1.26. `waits`: in real time, or
    in that of `clock`.

    A frame has 8 bytes in every format (extmod/machine_i2s.c, I2S_RX_FRAME_SIZE_IN_BYTES); mono is its left slot.
    rp2 (ports/rp2/machine_i2s.c): a ring of `ibuf` bytes of which one is never used; an interrupt after each 16 frames
        (half of SIZEOF_DMA_BUFFER_IN_BYTES) copies them, or drops them if they do not fit (empty_dma).
    esp32 (ports/esp32/machine_i2s.c, get_dma_buf_count): ibuf // 2048 buffers of 256 frames, 2 at least. ESP-IDF's
        i2s_common.c has a queue of one less, and drops the oldest when it is full (i2s_dma_rx_callback); the buffer
        that is being read may be written again meanwhile.
    `speed`: how fast its clock is.
    `flash_masks(us)`: flash is erased or written. On an rp2 the interrupts are off meanwhile (rp2_flash.c,
        begin_critical_flash_section); the two halves of the DMA buffer, 16 frames each, are chained, and only the
        interrupt sets their address anew (machine_i2s.c, dma_irq_handler). After both are full, DMA writes on behind.
        On an esp32 the interrupt waits (ESP-IDF, I2S, "IRAM Safe"; MicroPython does not set CONFIG_I2S_ISR_IRAM_SAFE),
        and then tells only the last of the buffers that were filled.
    """

    RX, TX, MONO, STEREO = 0, 1, 2, 3
    port = "rp2"
    waits = True
    clock = time
    speed = 1
    copy_us = 4  # for each frame
    made = []

    def __init__(self, id, sck, ws, sd, mode, bits, format, rate, ibuf):
        if mode != I2S.RX or format != I2S.MONO or bits not in (16, 32):
            raise ValueError("only a mono receiver is simulated")
        if I2S.port == "rp2" and ws.id != sck.id + 1:
            raise ValueError("invalid ws (must be sck+1)")  # ports/rp2/machine_i2s.c:516
        I2S.made = [other for other in I2S.made if other.id != id]  # it uses the object anew
        self.id, self.sound, self.bits, self.rate, self.ibuf = id, sounds[id], bits, rate, ibuf
        self.block = 16 if I2S.port == "rp2" else 256
        self.buffers = max(ibuf // 2048, 2)  # esp32
        self.most = (ibuf - 1) // 128 if I2S.port == "rp2" else self.buffers - 1
        self.looked_us = I2S.clock.ticks_us()
        self.us = 0  # since it was started
        self.done = 0  # blocks that were filled
        self.queue = []  # numbers of the blocks that can be read
        self.at = 0  # frames that were read of the first
        self.held = None  # esp32: the block that is being read is not in the queue any more
        self.taken = 0  # without waits
        self.off = False
        I2S.made.append(self)

    def readinto(self, buffer):
        if self.off:
            raise RuntimeError("this I2S is off: a real one would wait for ever, or crash")
        width = self.bits // 8
        if len(buffer) % width:
            raise OSError(22)
        at = 0
        left = len(buffer) // width
        while left:
            values = self._some(left) if I2S.waits else self.sound(self.taken, left)
            self.taken += len(values)
            left -= len(values)
            for value in values:  # 24 bits in the upper bits of a slot
                for shift in range(24 - self.bits, 24, 8):
                    buffer[at] = value >> shift & 0xFF if shift >= 0 else 0
                    at += 1
        return at

    def _heard(self):
        """Does what the interrupts did since the last call; returns how many frames were heard."""
        now = I2S.clock.ticks_us()
        self.us += I2S.clock.ticks_diff(now, self.looked_us) & 0x3FFFFFFF
        self.looked_us = now
        heard = int(self.us * self.rate * I2S.speed) // 1000000
        while self.done < heard // self.block:
            if len(self.queue) >= self.most:
                if I2S.port == "rp2":
                    self.done += 1
                    continue
                self.queue.pop(0)
            self.queue.append(self.done)
            self.done += 1
        return heard

    def _some(self, count):
        """Returns up to `count` frames of one block, and waits for the first."""
        heard = self._heard()
        while self.held is None and not self.queue:
            I2S.clock.sleep_us(200)
            heard = self._heard()
        if self.held is None:
            # a block leaves the ring of an rp2 frame by frame: it is counted until its last one is read
            self.held = self.queue[0] if I2S.port == "rp2" else self.queue.pop(0)
        count = min(count, self.block - self.at)
        first = self.held * self.block + self.at
        values = self.sound(first, count)
        if I2S.port == "esp32":
            now = heard // self.block
            last = now - (now - self.held) % self.buffers  # the last block in this buffer
            new = min(max(heard - last * self.block - self.at, 0), count) if last == now else count
            old = last - self.buffers if last == now else last
            values = self.sound(last * self.block + self.at, new) if new else []
            values += self.sound(old * self.block + self.at + new, count - new)
        self.at += count
        if self.at == self.block:
            self.at = 0
            self.held = None
            if I2S.port == "rp2":
                self.queue.pop(0)
        if I2S.clock is not time:
            I2S.clock.sleep_us(I2S.copy_us * count)
        return values

    def deinit(self):
        self.off = True

    @classmethod
    def flash_masks(cls, us):
        for i2s in cls.made:
            if i2s.off:
                continue
            if cls.port == "rp2" and us * i2s.rate > 32 * 1000000:
                raise MemoryOverwritten("DMA of I2S wrote beyond its buffer while flash was erased")
            i2s._heard()
            cls.clock.sleep_us(us)
            if cls.port == "esp32":
                was = i2s.looked_us
                us_heard = i2s.us + cls.clock.ticks_diff(cls.clock.ticks_us(), was)
                i2s.done = max(int(us_heard * i2s.rate * cls.speed) // 1000000 // i2s.block - 1, i2s.done)


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
