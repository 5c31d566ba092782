"""Runs on MicroPython: label files."""

from bodies_device import every_way
from edgeingest import labels


def made(name, files):
    body = getattr(labels, name)(files)
    return body.name, body.content_type, every_way(body)


ODD = {"object": object(), "class": int, "set": {1}, "iterator": iter([1]), "range": range(3)}


def odd(name, kind, where):
    """Passes an object of a wrong type as all files, as the items of a file, as an item, or as a label."""
    thing = ODD[kind]
    files = thing
    if where:
        files = {"a.cbor": (thing, [thing], [(0, 1, thing)], [(thing, 1, 1, 2, 2)])[where - 1]}
    if name == "info_labels":
        good = {"path": "a", "category": "training", "label": "x"}
        member = ("path", "label", "metadata")[where - 2]
        files = [thing, [thing]][where] if where < 2 else [dict(good, **{member: thing})]
    getattr(labels, name)(files)
