"""Host tools of edgeingest: a local ingestion service, a viewer for stored samples, commands for boards."""

__version__ = "0.1.0"
