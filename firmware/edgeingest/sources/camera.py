"""`Camera`: JPEG pictures from a camera module of the ESP32's firmware.

Two modules of the name `camera` are known: micropython-camera-API, with a class `Camera` whose constructor knows the
board's pins or takes them; `capture()` returns a view of its own memory, which the next call gives back to the camera
(src/modcamera.c, mp_camera_hal_capture). And the older micropython-camera-driver, with the functions `init(0, ...)`,
`capture()` and `deinit()` and constants such as FRAME_VGA; `capture()` returns a copy, and the camera fills the memory
again at once (modcamera.c, camera_capture). MicroPython's own firmware has neither, and the older one cannot be built
for MicroPython 1.23 and later.
"""

from ..files import File
from . import SourceError


class _Picture(File):
    """A picture in the memory of the camera module, which the next picture is written to."""

    gone = False

    def readinto(self, window):
        """Fills the window. Raises SourceError when the picture is not there any more."""
        if self.gone:
            raise SourceError(
                "camera: %r was overwritten by the next picture, or the camera is off: upload each picture before that"
                % self.name
            )
        return File.readinto(self, window)


class Camera:
    """The camera. options: for the module's constructor or its `init`, such as the pins; the default format is JPEG.

    Raises SourceError when the firmware has no camera module, or when the camera does not start.
    """

    _last: "_Picture" = None  # the picture in the camera module's memory
    _older = False  # whether the module is the older one

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
                self._older = True
        except (OSError, RuntimeError) as e:
            raise SourceError("camera: it does not start: %s; check the pins, the ribbon and the supply" % e)
        if started is False:
            raise SourceError("camera: it does not start; check the pins, the ribbon and the supply")

    def picture(self, name="picture.jpg"):
        """Takes a picture and returns it as a File.

        If the module keeps it in its own memory (micropython-camera-API does), it can be sent until the next picture is
        taken, or the camera is closed; after that, SourceError is raised when it is sent. Raises SourceError when there
        is no picture, or no complete JPEG.
        """
        self._forget()
        if self._is_old():
            self._camera.capture()
        data = self._camera.capture()
        if not data:
            raise SourceError("camera: no picture came; there may be too little memory for this frame size")
        if bytes(data[:3]) != b"\xff\xd8\xff" or bytes(data[-64:]).rstrip(b"\0")[-2:] != b"\xff\xd9":
            raise SourceError("camera: %d bytes came that are no whole JPEG: ask for format JPEG" % len(data))
        if isinstance(data, (bytes, bytearray)):
            return File(data, name)
        self._last = _Picture(data, name)
        return self._last

    def _is_old(self):
        """Returns whether a picture is waiting in the module: it was taken right after the one before."""
        available = getattr(self._camera, "frame_available", None)
        return available() if available else self._older  # the older module has always one

    def _forget(self):
        """Marks the picture in the module's memory as gone, before that memory is used again or freed."""
        if self._last:
            self._last.gone = True
        self._last = None

    def close(self):
        """Turns the camera off."""
        self._forget()
        self._camera.deinit()
