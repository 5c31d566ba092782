"""`FifoRows`: the rows of a chip's FIFO as the values of a Sample, read while the Sample is sent."""

from array import array

from ..body import octets


class FifoRows:
    """A row source of typecode "f": imu.start_fifo(100), then Sample(imu.sensors, 10, FifoRows(imu), ..., rows=500).

    imu: a motion sensor with `read_fifo`. rows: how many are read at a time. The chip's own clock sets the interval:
    it is wrong by one percent or more, but has no jitter. Each call allocates about 100 bytes.
    """

    def __init__(self, imu, rows=16):
        self._imu = imu
        self._values = array("f", bytes(4 * rows * len(imu.sensors)))
        self._bytes = memoryview(octets(self._values))
        self._at = self._end = 0  # the bytes that were read from the FIFO, but not yet returned

    def readinto(self, window):
        """Fills the window as far as rows are there; returns the number of bytes, or None while there is no row.

        Raises SourceError after an overflow of the FIFO.
        """
        if self._at == self._end:
            self._at = 0
            self._end = 4 * len(self._imu.sensors) * self._imu.read_fifo(self._values)
            if not self._end:
                return None
        n = min(len(window), self._end - self._at)
        window[:n] = self._bytes[self._at : self._at + n]
        self._at += n
        return n
