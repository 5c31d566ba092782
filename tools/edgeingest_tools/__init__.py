"""Host side of edgeingest: a local ingestion service, a look at what it stored, root certificates for boards."""

__version__ = "0.1.0"
