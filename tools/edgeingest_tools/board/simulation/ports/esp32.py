"""MicroPython's `esp32.Partition`, as far as a board tells of its flash by it: ports/esp32/esp32_partition.c of 1.26.1.

`place`: offset, size and label of the partition that has the files; None: there is none.
"""

place = None
_APPLICATION = 0, 0, 0x10000, 0x1F0000, "factory", False


class Partition:
    TYPE_APP, TYPE_DATA = 0, 1

    def __init__(self, found):
        self._found = found

    @staticmethod
    def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
        table = [_APPLICATION]
        if place:
            table.append((Partition.TYPE_DATA, 129, place[0], place[1], place[2], False))
        return [Partition(each) for each in table if each[0] == type and label in (None, each[4])]

    def info(self):
        return self._found  # type, subtype, address, size, label, encrypted: lines 184-195
