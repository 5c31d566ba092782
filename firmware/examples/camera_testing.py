"""A picture every ten seconds into the testing set, from a camera that the ESP32's firmware knows."""

import time

from edgeingest import config, network
from edgeingest.sources.camera import Camera

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
camera = Camera()  # with the pins and frame size of the board's own firmware; others as arguments

with settings.client() as client:
    for number in range(6):
        picture = camera.picture("%s.%02d.jpg" % (settings.label or "picture", number))
        [stored] = client.upload("testing", picture, label=settings.label)
        print("stored", stored.file_name, "already there" if stored.duplicate else "%d bytes" % picture.size)
        time.sleep(10)
camera.close()
