"""`FifoRows`: what a chip's FIFO collects, as values of a Sample that are read while they are sent."""

from array import array

from ..body import octets


class FifoRows:
    """A row source of typecode "f": imu.start_fifo(100), then Sample(imu.sensors, 10, FifoRows(imu), ..., rows=500).

    The chip's own clock paces the rows, off by a percent or more; nothing jitters. It says None while no row is
    there, and an overflow of the FIFO is a SourceError. Each call allocates some 100 bytes. rows: how many are read at
    a time.
    """

    def __init__(self, imu, rows=16):
        self._imu = imu
        self._values = array("f", bytes(4 * rows * len(imu.sensors)))
        self._bytes = memoryview(octets(self._values))
        self._at = self._end = 0

    def readinto(self, window):
        """Raw values, as many bytes as are there and fit."""
        if self._at == self._end:
            self._at = 0
            self._end = 4 * len(self._imu.sensors) * self._imu.read_fifo(self._values)
            if not self._end:
                return None
        n = min(len(window), self._end - self._at)
        window[:n] = self._bytes[self._at : self._at + n]
        self._at += n
        return n
