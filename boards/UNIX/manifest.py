# make -C micropython/ports/unix FROZEN_MANIFEST=/path/to/boards/UNIX/manifest.py
include("$(PORT_DIR)/variants/standard/manifest.py")  # the port's own
include("../../firmware/manifest.py")
