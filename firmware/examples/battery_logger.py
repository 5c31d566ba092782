"""For a board on a battery: stores one second of motion on flash every ten minutes, and sends all of it every hour.

Save it as main.py. The board sleeps in between. What cannot be sent stays on flash until the next time, also when the
power fails.
"""

import gc
import sys

import machine
from edgeingest import config, network
from edgeingest.capture import capture
from edgeingest.errors import IngestError
from edgeingest.sources.lis3dh import Lis3dh
from edgeingest.spool import Spool

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
PINS = {"RP2040": (4, 5), "RP2350": (4, 5), "ESP32": (19, 18), "ESP32S3": (8, 9), "ESP32C3": (6, 7)}
SDA, SCL = PINS[sys.implementation._machine.split()[-1].split("-")[0]]

settings = config.load()
spool = Spool("/spool", max_bytes=200_000, drop_oldest=True)
spool.recover()
try:
    imu = Lis3dh(machine.I2C(0, sda=machine.Pin(SDA), scl=machine.Pin(SCL)))
    sample = capture(imu.read, 100, 10_000, imu.sensors, settings.device_type, device_name=settings.device_name)
    name = "%s.%d.cbor" % (settings.label or "motion", spool.entries)
    spool.put("training", sample, file_name=name, label=settings.label, add_date_id=True, hmac_key=settings.hmac_key)
    if spool.entries >= 6:
        network.connect(settings.wifi_ssid, settings.wifi_password)
        network.set_clock()
        with settings.client() as client:
            print(spool.flush(client))
except IngestError as error:
    print("next time:", error)
machine.deepsleep(600_000)
