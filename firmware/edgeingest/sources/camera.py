"""JPEG pictures from the camera modules that ESP32 firmware is built with.

Two are in use, both named `camera`: micropython-camera-API, with a class `Camera` whose constructor knows the board's
pins or takes them (`capture()` gives bytes); and the older micropython-camera-driver, with functions `init(0, ...)`,
`capture()` and `deinit()` and constants such as FRAME_VGA. MicroPython's own firmware has neither.
"""

from ..files import File
from . import SourceError


class Camera:
    """options: for the module's own constructor or `init`, such as the pins; JPEG is asked for unless they say so.

    A module that is missing, a camera that does not start, and what is no whole JPEG are a SourceError.
    """

    def __init__(self, **options):
        try:
            import camera
        except ImportError:
            raise SourceError(
                "camera: this firmware has no module `camera`; README.md of the sources names some that do"
            )
        try:
            if hasattr(camera, "Camera"):
                options.setdefault("pixel_format", camera.PixelFormat.JPEG)
                self._camera = camera.Camera(**options)
                started = True
            else:
                options.setdefault("format", camera.JPEG)
                started = camera.init(0, **options)
                self._camera = camera
        except (OSError, RuntimeError) as e:
            raise SourceError("camera: it does not start: %s; check the pins, the ribbon and the supply" % e)
        if started is False:
            raise SourceError("camera: it does not start; check the pins, the ribbon and the supply")

    def picture(self, name="picture.jpg"):
        """A new picture as a File; it holds the module's bytes until it is sent."""
        data = self._camera.capture()
        if not data:
            raise SourceError("camera: no picture came; there may be too little memory for this frame size")
        if bytes(data[:3]) != b"\xff\xd8\xff" or bytes(data[-64:]).rstrip(b"\0")[-2:] != b"\xff\xd9":
            raise SourceError("camera: %d bytes came that are no whole JPEG: ask for format JPEG" % len(data))
        return File(data, name)

    def close(self):
        """Turns the camera off."""
        self._camera.deinit()
