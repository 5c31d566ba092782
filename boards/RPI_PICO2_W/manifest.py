# make -C micropython/ports/rp2 BOARD=RPI_PICO2_W FROZEN_MANIFEST=/path/to/boards/RPI_PICO2_W/manifest.py
include("$(PORT_DIR)/boards/RPI_PICO2_W/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
