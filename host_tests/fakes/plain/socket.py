"""A plain Pico has no module `socket`."""

raise ImportError("no module named 'socket'")
