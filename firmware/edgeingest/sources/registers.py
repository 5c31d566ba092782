"""A chip's registers over I2C, with errors that say what to do."""

from . import SourceError

# what answers to the same addresses: (WHO_AM_I, name)
_CHIPS = (
    (0x68, "MPU6050"),
    (0x70, "MPU6500"),
    (0x71, "MPU9250"),
    (0x73, "MPU9255"),
    (0x19, "MPU6886"),
    (0x12, "ICM20602"),
    (0x33, "LIS3DH or LIS2DH"),
    (0x44, "LIS2DW12"),
    (0xD1, "BMI160"),
    (0x24, "BMI270"),
    (0xFA, "BMA150"),
)


class Registers:
    """Registers of one byte each. i2c: a `machine.I2C` or SoftI2C; address: the chip's, of 7 bits; name: for errors.

    Every failure is a SourceError. Nothing here allocates, except for errors.
    """

    def __init__(self, i2c, address, name):
        self._i2c = i2c
        self._address = address
        self._name = "%s at 0x%02x" % (name, address)
        self._one = bytearray(1)

    def read_into(self, register, buffer):
        """Fills the buffer from this register on."""
        try:
            self._i2c.readfrom_mem_into(self._address, register, buffer)
        except OSError as e:
            raise self._silent(e)

    def get(self, register):
        self.read_into(register, self._one)
        return self._one[0]

    def put(self, register, value):
        self._one[0] = value
        try:
            self._i2c.writeto_mem(self._address, register, self._one)
        except OSError as e:
            raise self._silent(e)

    def identify(self, register, wanted):
        """An error unless the chip's own register says that it is what we take it for."""
        found = self.get(register)
        if found != wanted:
            known = [name for number, name in _CHIPS if number == found]
            raise SourceError(
                "%s: register 0x%02x says 0x%02x (%s) and not 0x%02x: this is another chip"
                % (self._name, register, found, known[0] if known else "not known here", wanted)
            )

    def fail(self, why):
        raise SourceError("%s: %s" % (self._name, why))

    def _silent(self, e):
        try:
            found = self._i2c.scan()
        except OSError:
            found = []
        if self._address in found:
            what = "the transfer broke off; check the wires, their length and freq="
        else:
            what = "nothing answers; check power, SDA, SCL, pull-ups and address="
        others = " ".join(["0x%02x" % address for address in found]) or "nothing"
        return SourceError("%s: %s (error %s; i2c.scan() finds %s)" % (self._name, what, e.errno, others))
