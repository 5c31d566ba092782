"""The texts of failed imports: names of other modules, modules that a firmware lacks. Loaded when one fails."""

# Public names that `edgeingest` itself does not have, behind the module that has them
_PLACES = (
    "aio AsyncClient",
    "body Body Chain",
    "capture Continuous Timing",
    "cbor Encoder",
    "config Config load",
    "errors SpoolFull",
    "labels bounding_boxes info_labels structured_labels",
    "network connect set_clock turn_off",
    "retry passing",
    "sources SourceError",
    "sources.adc Adc",
    "sources.bmi160 Bmi160",
    "sources.camera Camera",
    "sources.fifo FifoRows FifoTiming",
    "sources.imu Imu",
    "sources.lis3dh Lis3dh",
    "sources.microphone Microphone before_write",
    "sources.mpu6050 Mpu6050",
    "sources.mpu6886 Mpu6886",
    "spool Damaged Flushed Recording Recovered Spool",
)
_LACKS = {
    "socket": "it has no network: put samples into a Spool, and `edgeingest pull` sends them from your computer",
    "ssl": "https is not possible: take a firmware with TLS, or http:// and a service in your own network",
}


def no_name(name, e):
    """Returns the error for `from edgeingest import name`, which failed with `e`."""
    for place in _PLACES:
        module, _, names = place.partition(" ")
        if name in names.split():
            found = (name, module, module, name)
            return AttributeError("edgeingest has no %s: it is in edgeingest.%s (from edgeingest.%s import %s)" % found)
    if name.endswith("Error") or "edgeingest.%s'" % name in str(e):
        return AttributeError("edgeingest has no %s: firmware/API.md lists what it has" % name)
    return e  # the module is there, but not what it imports


def no_module(name):
    """Returns the error for a module of MicroPython that this board's firmware does not have."""
    return ImportError("the firmware of this board has no %s, so %s" % (name, _LACKS[name]))
