"""Runs on MicroPython: multipart bodies of lists and of items that are made when they are reached."""

import gc

from bodies_device import drain, every_way
from edgeingest.errors import SampleError
from edgeingest.files import File
from edgeingest.multipart import multipart
from edgeingest.validate import check_file_name


def made(bodies, boundary=None):
    """Returns the body that the generator makes at last."""
    for body in multipart(bodies, boundary):
        if body:
            return body


class Lazy:
    """Makes items when they are asked for; counts how many exist at the same time."""

    held = most = made = 0

    def __init__(self, items, sizes=None):
        self.items = items
        self.sizes = sizes

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        name, data, content_type = self.items[index]
        Lazy.made += 1
        if self.sizes and Lazy.made > len(self.items):
            data = data + b"x" * self.sizes[index] if self.sizes[index] >= 0 else data[: self.sizes[index]]
        return Counted(data, name, None, content_type)


class Counted(File):
    def __init__(self, *args):
        super().__init__(*args)
        Lazy.held += 1
        Lazy.most = max(Lazy.most, Lazy.held)

    def __del__(self):
        Lazy.held -= 1


def form(items, boundary, ways=((1,), (7,), (100, 3)), lazy=False):
    Lazy.held = Lazy.most = Lazy.made = 0
    if lazy:
        body = made(Lazy(items), boundary)
    else:
        body = made([File(data, name, None, content_type) for name, data, content_type in items], boundary)
    return body.content_type, every_way(body, ways)


def most_held(items):
    gc.collect()
    Lazy.held = Lazy.most = Lazy.made = 0
    drain(made(Lazy(items), "b"), (10,))
    return Lazy.most, Lazy.made


def changing(items, sizes, window):
    Lazy.held = Lazy.most = Lazy.made = 0
    out = bytearray()
    view = memoryview(bytearray(window))
    body = made(Lazy(items, sizes), "b")
    try:
        while True:
            n = body.readinto(view)
            if not n:
                return "all", len(out), body.size
            out.extend(view[:n])
    except Exception as e:
        return type(e).__name__, len(out), body.size


def cut_off(items, window, lazy):
    """Returns (error, bytes that came before it, bytes of the body) of items whose content has the boundary."""
    files = Lazy(items) if lazy else [File(data, name, None, content_type) for name, data, content_type in items]
    body = list(multipart(files, "own"))[-1]
    view = memoryview(bytearray(window))
    sent = 0
    for _ in range(2):
        body.rewind()
        sent = 0
        try:
            while True:
                n = body.readinto(view)
                if not n:
                    return "all", sent, body.size
                sent += n
        except SampleError as e:
            error = str(e)
    return error, sent, body.size


def boundaries(n):
    return [made([File(b"", "a")]).content_type for i in range(n)]


def given(items, boundary):
    return made(items, boundary).size


def name(value):
    return check_file_name(value, "file name")
