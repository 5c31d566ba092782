"""MicroPython's `esp32.Partition`, as far as a board tells of its flash by it: ports/esp32/esp32_partition.c of 1.26.1.

`table`: (type, subtype, address, size, label, encrypted) of each partition, as info() returns it (lines 184-195).
"""

table = []


class Partition:
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, found):
        self._found = found

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
        return [Partition(each) for each in table if each[0] == type and label in (None, each[4])]

    def info(self):
        return self._found
