# make -C micropython/ports/esp32 BOARD=ESP32_GENERIC_C3 FROZEN_MANIFEST=/path/to/boards/ESP32_GENERIC_C3/manifest.py
include("$(PORT_DIR)/boards/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
