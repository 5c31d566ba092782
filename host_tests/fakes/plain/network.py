"""A plain Pico has no module `network`."""

raise ImportError("no module named 'network'")
