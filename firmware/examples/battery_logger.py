"""For a battery: every ten minutes a second of motion goes to flash, and every hour all of it is sent. Save as main.py.

Between the two the board sleeps. What cannot be sent waits for the next time; nothing is lost when the power goes.
"""

import machine
from edgeingest import config, network
from edgeingest.capture import capture
from edgeingest.errors import IngestError
from edgeingest.sources.lis3dh import Lis3dh
from edgeingest.spool import Spool

settings = config.load()
spool = Spool("/spool", max_bytes=200_000, drop_oldest=True)
spool.recover()
try:
    imu = Lis3dh(machine.I2C(0))
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
