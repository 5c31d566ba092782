"""Sends sound from an I2S microphone as WAVE files of one second.

No sound is missing between the files if an upload takes less than a quarter of a second.
"""

import gc
import sys

from edgeingest import config, network
from edgeingest.sources.microphone import Microphone

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
# on an RP2, WS must be SCK + 1
PICO = 16, 17, 18
PINS = {"RP2040": PICO, "RP2350": PICO, "ESP32": (32, 25, 33), "ESP32S3": (5, 6, 7), "ESP32C3": (3, 4, 5)}
SCK, WS, SD = PINS[sys.implementation._machine.split()[-1].split("-")[0]]

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
