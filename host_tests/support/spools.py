"""Shared by the tests of the spool: the beginning of their device code. See spools_device."""

DEVICE = """
import os
from array import array

from edgeingest import File, Sample, Wav, errors
from edgeingest.ingestion import Stored
from edgeingest.spool import Spool
from spools_device import AsyncService, Service, files, flushed, place, restarted, size, wave
"""
