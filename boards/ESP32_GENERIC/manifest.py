# make -C micropython/ports/esp32 BOARD=ESP32_GENERIC BUILD=build-edgeingest-ESP32_GENERIC \
#     FROZEN_MANIFEST=/path/to/boards/ESP32_GENERIC/manifest.py
# With a BUILD of its own: a build folder that exists already keeps the manifest that it was made with.
include("$(PORT_DIR)/boards/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
