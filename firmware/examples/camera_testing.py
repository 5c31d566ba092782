"""Sends a picture every ten seconds to the testing set; the ESP32's firmware needs a camera module."""

import gc
import time

from edgeingest import config, network
from edgeingest.sources.camera import Camera

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
camera = Camera()  # the firmware knows the pins and the frame size; arguments change them

with settings.client() as client:
    for number in range(6):
        picture = camera.picture("%s.%02d.jpg" % (settings.label or "picture", number))
        [stored] = client.upload("testing", picture, label=settings.label)
        print("stored", stored.file_name, "already there" if stored.duplicate else "%d bytes" % picture.size)
        time.sleep(10)
camera.close()
