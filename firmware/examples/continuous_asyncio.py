"""Motion without a gap: while one sample is sent, the next is captured, and other tasks run."""

import asyncio
import sys

import machine
from edgeingest import config, network
from edgeingest.aio import AsyncClient
from edgeingest.capture import Continuous
from edgeingest.sources.mpu6050 import Mpu6050

# pins by the chip, the last word of the firmware's name, as in boards/*/board.toml
PINS = {"RP2040": (4, 5), "RP2350": (4, 5), "ESP32": (19, 18), "ESP32S3": (8, 9), "ESP32C3": (6, 7)}
SDA, SCL = PINS[sys.implementation._machine.split()[-1].split("-")[0]]

settings = config.load()
network.connect(settings.wifi_ssid, settings.wifi_password)
network.set_clock()
imu = Mpu6050(machine.I2C(0, sda=machine.Pin(SDA), scl=machine.Pin(SCL)), range_g=8)


async def heartbeat():
    """Shows that other tasks run during captures and uploads."""
    while True:
        print("alive")
        await asyncio.sleep(1)


async def main():
    beating = asyncio.create_task(heartbeat())
    # 50 Hz; the interval may be wrong by a sixteenth, because a task reads the rows on ports without timers
    rows = Continuous(imu.read, 100, 20_000, imu.sensors, settings.device_type, name="motion", tolerance=0.0625)
    left = 3
    async with settings.client(AsyncClient) as client:
        async for sample in rows:
            stored = await client.send("training", sample, label=settings.label, add_date_id=True)
            print("stored", stored.file_name, "rows lost so far:", rows.lost)
            left -= 1
            if not left:
                rows.close()  # ends the loop
    beating.cancel()


asyncio.run(main())
