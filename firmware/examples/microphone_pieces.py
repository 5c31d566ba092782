"""Sends sound from an I2S microphone as WAVE files of one second.

No sound is missing between the files if an upload takes less than a quarter of a second.
"""

import gc
import sys

from edgeingest import config, network
from edgeingest.sources.microphone import Microphone

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

# the microphone's pins; on an RP2040, WS must be SCK + 1
SCK, WS, SD = (32, 25, 33) if sys.platform == "esp32" else (16, 17, 18)

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
microphone = Microphone(SCK, WS, SD, rate=16_000, buffer_ms=250)

with settings.client() as client:
    for number in range(10):
        piece = microphone.wav(16_000, "%s.%02d.wav" % (settings.label or "sound", number))
        [stored] = client.upload("training", piece, label=settings.label)
        print("stored", stored.file_name)
microphone.close()
