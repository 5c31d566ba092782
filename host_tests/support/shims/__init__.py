"""Lets firmware code run on CPython: adds what only MicroPython has. Installed only in the process of a worker."""

import gc
import os
import sys
import time


def _ticks_diff(end, start):
    """As MicroPython: the difference of two wrapping counters, negative when end came first."""
    half = 1 << 29
    return ((end - start + half) & (2 * half - 1)) - half


def _add_time():
    wrap = (1 << 30) - 1
    time.ticks_ms = lambda: time.monotonic_ns() // 1_000_000 & wrap
    time.ticks_us = lambda: time.monotonic_ns() // 1000 & wrap
    time.ticks_add = lambda ticks, delta: (ticks + delta) & wrap
    time.ticks_diff = _ticks_diff
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    time.sleep_us = lambda us: time.sleep(us / 1_000_000)


def _ilistdir(path="."):
    """As MicroPython's on a host's file system: (name, type, inode); an error comes at once."""
    return iter([(entry.name, 0x4000 if entry.is_dir() else 0x8000, entry.inode()) for entry in os.scandir(path)])


def install():
    import asyncio  # noqa: F401  # binds the real socket, ssl and select before they are replaced

    from . import micropython, select_shim, socket_shim, ssl_shim, uctypes

    _add_time()
    os.ilistdir = _ilistdir
    gc.mem_alloc = gc.mem_free = lambda: 0
    for name, module in (
        ("micropython", micropython),
        ("uctypes", uctypes),
        ("socket", socket_shim),
        ("ssl", ssl_shim),
        ("select", select_shim),
    ):
        sys.modules[name] = module
