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

__version__ = "0.1.0"
__all__ = ("Client", "Sample", "File", "Stored", "Wav", "Retry")

_MODULES = {"File": "files", "Stored": "ingestion"}  # of the others, the name in lower case


def __getattr__(name):
    module = None
    if name in __all__:
        module = _MODULES.get(name, name.lower())
    elif name.endswith("Error"):
        module = "errors"
    if module is None:
        if name.startswith("_"):
            raise AttributeError(name)
        # On MicroPython, `from edgeingest import labels` asks here and not for the module.
        try:
            return __import__("edgeingest." + name, None, None, (name,))
        except ImportError:
            raise AttributeError("edgeingest has no " + name)
    # With a fromlist, __import__ gives the module itself and not the package around it.
    value = getattr(__import__("edgeingest." + module, None, None, (name,)), name)
    globals()[name] = value
    return value
