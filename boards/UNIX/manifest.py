# make -C micropython/ports/unix MPY_CROSS_FLAGS=-march=x64 BUILD=build-edgeingest-UNIX \
#     FROZEN_MANIFEST=/path/to/boards/UNIX/manifest.py
# This port does not tell mpy-cross the architecture of the computer: x64 is that of a PC.
# With a BUILD of its own: a build folder that exists already keeps the manifest that it was made with.
include("$(PORT_DIR)/variants/standard/manifest.py")  # what the port's stock firmware has
include("../../firmware/manifest.py")
