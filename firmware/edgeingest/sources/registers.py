"""`Registers`: reads and writes the registers of a chip over I2C; its errors name the cause and the next step."""

from . import SourceError

# (value of WHO_AM_I, name): chips that use the same addresses, for the text of an error
_CHIPS = (
    (0x68, "MPU6050"),
    (0x70, "MPU6500"),
    (0x71, "MPU9250"),
    (0x73, "MPU9255"),
    (0x98, "ICM20689 or a clone"),
    (0x19, "MPU6886"),
    (0x12, "ICM20602"),
    (0x33, "LIS3DH or LIS2DH"),
    (0x44, "LIS2DW12"),
    (0xD1, "BMI160"),
    (0x24, "BMI270"),
    (0xFA, "BMA255"),
)


class Registers:
    """Registers of one byte each. i2c: a `machine.I2C` or SoftI2C. address: of the chip, 7 bits. name: for errors.

    All methods raise SourceError when the bus fails. They allocate only for an error.
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
            raise self._bus_error(e)

    def get(self, register):
        """Returns the value of a register."""
        self.read_into(register, self._one)
        return self._one[0]

    def put(self, register, value):
        """Writes a value to a register."""
        self._one[0] = value
        try:
            self._i2c.writeto_mem(self._address, register, self._one)
        except OSError as e:
            raise self._bus_error(e)

    def identify(self, register, wanted, clones=False):
        """Raises SourceError unless the register that identifies the chip has the wanted value.

        clones: whether the driver takes another value as `identity`, which the error then says.
        """
        found = self.get(register)
        if found != wanted:
            known = [name for number, name in _CHIPS if number == found]
            text = "%s: register 0x%02x says 0x%02x (%s) and not 0x%02x: this is another chip"
            if clones:
                text += "; if it is sold as this one and has the same registers, identity=0x%02x accepts it" % found
            raise SourceError(text % (self._name, register, found, known[0] if known else "not known here", wanted))

    def fail(self, why):
        """Raises a SourceError that names the chip."""
        raise SourceError("%s: %s" % (self._name, why))

    def _bus_error(self, e):
        """Returns the SourceError for an OSError of the bus; it lists the addresses that answer."""
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
