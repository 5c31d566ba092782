"""edgeingest: from a MicroPython board to Edge Impulse's ingestion service, in constant memory.

Names are loaded when they are first used, so that a program pays for what it uses. As plain code:

    from .client import Client
    from .files import File
    from .ingestion import Stored
    from .retry import Retry
    from .sample import Sample
    from .wav import Wav
    from .errors import (every class there)
"""

import gc

__version__ = "0.1.0"
__all__ = ("Client", "Sample", "File", "Stored", "Wav", "Retry")

_MODULES = {"File": "files", "Stored": "ingestion"}  # of the others, the name in lower case


def _module(name):
    """Loads a module of the package. What importing leaves behind is collected first: less is fragmented by it."""
    gc.collect()
    return __import__("edgeingest." + name, None, None, (name,))  # with a fromlist: the module, not the package


def __getattr__(name):
    """Called for a name that is not loaded yet. `from edgeingest import labels` asks here as well on MicroPython."""
    if name.startswith("_"):
        raise AttributeError(name)
    try:
        if name in __all__:
            value = getattr(_module(_MODULES.get(name, name.lower())), name)
        elif name.endswith("Error"):
            value = getattr(_module("errors"), name)
        else:
            return _module(name)
    except (ImportError, AttributeError) as e:
        raise _module("import_errors").no_name(name, e)
    globals()[name] = value
    return value
