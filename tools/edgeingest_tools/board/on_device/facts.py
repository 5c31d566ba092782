# Prints the properties of a board as one line of JSON.
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
    }
    print(json.dumps(facts))


_facts()
