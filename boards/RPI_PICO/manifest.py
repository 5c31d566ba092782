# make -C micropython/ports/rp2 BOARD=RPI_PICO FROZEN_MANIFEST=/path/to/boards/RPI_PICO/manifest.py
include("$(PORT_DIR)/boards/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
