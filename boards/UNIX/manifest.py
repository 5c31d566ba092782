# make -C micropython/ports/unix FROZEN_MANIFEST=/path/to/boards/UNIX/manifest.py
include("$(PORT_DIR)/variants/standard/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
