"""Moves the files of earlier versions of this library, which were all in one folder, into shards; see `folder`."""

import os

from micropython import const

_FEW = const(32)  # files that are moved between two listings: there may be thousands


def move_to_shards(folder, where):
    """Moves the files. folder: a Folder; where: "", REJECTED or DAMAGED."""
    more = True
    while more:
        found: "list" = []
        for number, kind, _ in folder.files(where):
            if len(found) < _FEW:
                found.append((number, kind))
        more = len(found) > 0
        for number, kind in found:
            path = "%s/%08d.%s" % (folder.root(where), number, kind)
            if kind == "tmp":
                os.remove(path)
                continue
            try:
                os.mkdir(folder.shard(number, where))
            except OSError:
                pass  # it is there
            os.rename(path, folder.path(number, kind, where))
