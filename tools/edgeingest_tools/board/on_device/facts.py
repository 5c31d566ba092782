# Prints the properties of a board as one line of JSON.
def _place():
    # [offset, size, name] of the flash that the firmware keeps files in; offset None: the board does not tell
    try:
        from esp32 import Partition
    except ImportError:
        pass
    else:
        for label in ("vfs", "ffat"):  # in the order of ports/esp32/modules/flashbdev.py
            found = Partition.find(Partition.TYPE_DATA, label=label)
            if found:
                return found[0].info()[2:5]
        return None
    try:
        from rp2 import Flash
    except ImportError:
        return None
    disk = Flash()
    return None, disk.ioctl(4, 0) * disk.ioctl(5, 0), "vfs"


def _facts():
    import gc
    import json
    import os
    import sys

    def kind():
        try:
            import vfs

            for disk, path in vfs.mount():
                if path == "/":
                    return type(disk).__name__
        except (ImportError, TypeError, AttributeError):  # MicroPython before 1.25
            pass
        return None

    def frozen():
        path = sys.path[:]
        sys.path[:] = [".frozen"]
        try:
            import edgeingest

            return edgeingest.__version__
        except ImportError:
            return None
        finally:
            sys.path[:] = path
            sys.modules.pop("edgeingest", None)

    def network():
        try:
            __import__("network")
            return True
        except ImportError:
            return False

    gc.collect()
    lib = [path for path in sys.path if path.endswith("/lib")]
    disk = os.statvfs(lib[0][:-4] or "/" if lib else "/")
    facts = {
        "version": list(sys.implementation.version[:3]),
        "machine": getattr(sys.implementation, "_machine", sys.platform),
        "platform": sys.platform,
        "mpy": getattr(sys.implementation, "_mpy", None),
        "path": sys.path,
        "heap_free": gc.mem_free(),
        "heap": gc.mem_free() + gc.mem_alloc(),
        "block": disk[1] or disk[0],
        "blocks": disk[2],
        "blocks_free": disk[3],
        "filesystem": kind(),
        "frozen": frozen(),
        "network": network(),
        "place": _place(),
    }
    print(json.dumps(facts))


_facts()
