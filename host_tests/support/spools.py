"""What the tests of the spool share: a client double on the device that does what it is told, and ways to look."""

DEVICE = """
import os
from array import array

from edgeingest import File, Sample, Wav, errors
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool
from spools_device import AsyncService, Service, files, flushed, size, wave
"""
