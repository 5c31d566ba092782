# make -C micropython/ports/rp2 BOARD=RPI_PICO BUILD=build-edgeingest-RPI_PICO \
#     FROZEN_MANIFEST=/path/to/boards/RPI_PICO/manifest.py
# With a BUILD of its own: a build folder that exists already keeps the manifest that it was made with.
include("$(PORT_DIR)/boards/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
