"""MicroPython's `uctypes`, only the part that gives access to the raw bytes of an array."""

import ctypes
from weakref import WeakValueDictionary

_arrays = WeakValueDictionary()


def addressof(values):
    address = ctypes.addressof(ctypes.c_char.from_buffer(values)) if len(values) else 0
    _arrays[address] = values
    return address


def bytearray_at(address, size):
    """A writable view of an array whose address was taken; MicroPython gives a bytearray."""
    return memoryview(_arrays[address]).cast("B")[:size] if size else bytearray()
