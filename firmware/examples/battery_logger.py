"""For a board on a battery: stores one second of motion on flash every ten minutes, and sends all of it every hour.

Save it as main.py. The board sleeps in between, whatever goes wrong. What cannot be sent stays on flash until the next
time, also when the power fails; a Pico without Wi-Fi keeps it for `edgeingest pull`.
"""

import gc
import sys
import time

import machine
from edgeingest import config
from edgeingest.capture import capture
from edgeingest.errors import NetworkError
from edgeingest.sources.lis3dh import Lis3dh
from edgeingest.spool import Spool

try:
    from edgeingest import network
except NetworkError:  # a Pico without Wi-Fi
    network = None

gc.threshold(8192)  # collects garbage early: the heap stays in larger pieces, which TLS and batches need

# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
PINS = {"RP2040": (4, 5), "RP2350": (4, 5), "ESP32": (19, 18), "ESP32S3": (8, 9), "ESP32C3": (6, 7)}
SDA, SCL = PINS[sys.implementation._machine.split()[-1].split("-")[0]]
# An ESP32 starts anew after its sleep. An RP2 forgets its clock when it starts, so it sleeps within this program.
sleep = machine.lightsleep if sys.platform == "rp2" else machine.deepsleep


def go_online(settings):
    network.connect(settings.wifi_ssid, settings.wifi_password)
    network.set_clock()


def wake():
    settings, spool = config.load(), Spool("/spool", max_bytes=200_000, drop_oldest=True)
    spool.recover()
    if network and time.gmtime()[0] < 2025:  # samples are named, dated and signed by the clock
        try:
            go_online(settings)
        except NetworkError as error:
            print("no clock:", error)
    imu = Lis3dh(machine.I2C(0, sda=machine.Pin(SDA), scl=machine.Pin(SCL)))
    sample = capture(imu.read, 100, 10_000, imu.sensors, settings.device_type, device_name=settings.device_name)
    name = "%s.%d.cbor" % (settings.label or "motion", time.time())
    spool.put("training", sample, file_name=name, label=settings.label, add_date_id=True, hmac_key=settings.hmac_key)
    if network and spool.entries >= 6:
        go_online(settings)
        with settings.client() as client:
            print(spool.flush(client))


while True:
    try:
        try:
            wake()
        finally:
            if network:
                network.turn_off()
    except Exception as error:  # a board that stays awake empties its battery
        print("next time:", error)
    sleep(600_000)
