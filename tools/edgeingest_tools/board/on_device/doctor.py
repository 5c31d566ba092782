# Tests, step by step, what an upload needs; prints [step, passed, result] as a line of JSON for each step.
# passed: None if nothing has failed, but somebody should look at the result.
import gc
import json
import os
import sys
import time

SPOOL = "/spool"
MOST = 200  # entries that are looked at


class Failed(Exception):
    pass


class Look(Exception):
    # Nothing has failed, but the result may not be what was meant.
    pass


class Steps:
    # Each public method is a step. It returns its result, or raises an exception, which ends the test.
    # oldest: MicroPython version; heap, flash: bytes needed; now: the PC's clock, seconds since 1970; upload: or not
    def __init__(self, oldest, heap, flash, now, upload):
        self.oldest, self.heap_needed, self.flash_needed, self.now, self.uploads = oldest, heap, flash, now, upload

    def version(self):
        found = sys.implementation.version[:3]
        if found < self.oldest:
            raise Failed("MicroPython %d.%d.%d" % found)
        return "MicroPython %d.%d.%d" % found

    def library(self):
        import edgeingest

        return "edgeingest %s" % edgeingest.__version__

    def heap(self):
        gc.collect()
        free = gc.mem_free()
        if free < self.heap_needed:
            raise Failed("%d KB free, %d are needed" % (free // 1024, self.heap_needed // 1024))
        # gc.mem_free counts what the heap could still get from ESP-IDF, from which Wi-Fi and TLS take theirs:
        # MicroPython 1.26.1, py/modgc.c:67-69, ports/esp32/gccollect.c:84
        rest = ", of which Wi-Fi and TLS will take a part" if sys.platform == "esp32" else ""
        return "%d KB free%s" % (free // 1024, rest)

    def flash(self):
        disk = os.statvfs("/")
        free = disk[0] * disk[3]
        if free < self.flash_needed:
            raise Failed("%d KB free, %d are needed" % (free // 1024, self.flash_needed // 1024))
        with open("/doctor.tmp", "w") as file:
            file.write("doctor")
        with open("/doctor.tmp") as file:
            same = file.read() == "doctor"
        os.remove("/doctor.tmp")
        if not same:
            raise Failed("what was written could not be read again")
        return "%d KB free, written and read" % (free // 1024)

    def names(self):
        # The labels that the service would infer from file names in the spool.
        from edgeingest.errors import IngestError
        from edgeingest.labels import inferred_label

        count = 0
        odd = []
        for number in self._entries():
            try:
                name, given = self._named(number)
            except (IngestError, OSError):  # `flush` reports what is damaged
                continue
            count += 1
            label = inferred_label(name)
            if not given and label != name.split(".")[0]:
                odd.append("%s -> %s" % (name, label or "none"))
        if odd:
            more = " and %d more" % (len(odd) - 3) if len(odd) > 3 else ""
            raise Look(
                "labels of names in %s: %s%s (give label= if another is meant)" % (SPOOL, ", ".join(odd[:3]), more)
            )
        return "%s wait in %s" % (count or "none", SPOOL)

    def _entries(self):
        if "spool" not in os.listdir("/"):
            return []
        from edgeingest.spool.folder import folder_at

        found = []
        self._folder = folder_at(SPOOL)
        for number in self._folder.numbers():
            if len(found) < MOST:
                found.append(number)
        return found

    def _named(self, number):
        # Returns the name of an entry, and whether it has a label, or is to have none.
        from edgeingest.spool.format import Header, Reader

        reader = Reader(self._folder.path(number, "ent"))
        try:
            header = Header(number, *reader.next())
        finally:
            reader.close()
        options = header.arguments()[1]
        return header.name, options["label"] or options["no_label"]

    def network(self):
        try:
            import network  # noqa: F401
        except ImportError:
            raise Failed("this board has none")
        return "there"

    def configuration(self):
        from edgeingest.config import load
        from edgeingest.url import parse_url

        self.config = config = load()
        self.tls, self.host, self.port, _ = parse_url(config.url)
        if self.tls:
            os.stat(config.ca)
        return config.url

    def wifi(self):
        if not self.config.wifi_ssid:
            return "not configured"
        from edgeingest.network import connect

        wlan = connect(self.config.wifi_ssid, self.config.wifi_password)
        return "%s, address %s" % (self.config.wifi_ssid, wlan.ifconfig()[0])

    def clock(self):
        action = "was right"
        if self._is_wrong():
            from edgeingest.network import set_clock

            set_clock(timeout_ms=5000)
            action = "set"
        if self._is_wrong():
            raise Failed("it says %d-%02d-%02d, and cannot be set" % time.gmtime()[:3])
        return "%d-%02d-%02d, %s" % (time.gmtime()[:3] + (action,))

    def _is_wrong(self):
        epoch = 946684800 if time.gmtime(0)[0] == 2000 else 0
        return abs(time.time() + epoch - self.now) > 86400

    def dns(self):
        import socket

        self.address = socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM)[0]
        return self.host

    def tcp(self):
        import socket

        self.socket = socket.socket(self.address[0], socket.SOCK_STREAM)
        self.socket.settimeout(10)
        self.socket.connect(self.address[-1])
        return "port %d" % self.port

    def tls_(self):
        if not self.tls:
            self.socket.close()
            return "not used: everybody on the way can read the key"
        from edgeingest.tls import tls_context

        context = tls_context(self.config.ca, False)
        context.wrap_socket(self.socket, server_hostname=self.host).close()
        return "the certificate is right"

    def key(self):
        self.failed = self.stored = None
        if not self.uploads:
            return "not tried"
        from edgeingest import Sample
        from edgeingest.errors import IngestError, ServiceError

        # The bytes are always the same, so the service stores them once and reports duplicates afterwards.
        sample = Sample((("doctor", "N/A"),), 1, [1.0, 2.0], "DOCTOR", name="doctor", iat=0)
        try:
            with self.config.client(timeout_ms=10000) as client:
                self.stored = client.send("testing", sample, label="doctor")
        except ServiceError as e:
            if e.status in (401, 403):
                raise e
            self.failed = e
        except IngestError as e:
            self.failed = e
        return "the service took it" if self.stored else "the service did not complain about it"

    def upload(self):
        if self.failed:
            raise self.failed
        if not self.stored:
            return "not tried"
        return "%s%s" % (self.stored.file_name, ", a duplicate as expected" if self.stored.duplicate else "")


def doctor(*needs):
    steps = Steps(*needs)
    names = "version library heap flash names network configuration wifi clock dns tcp tls_ key upload"
    for name in names.split():
        try:
            result = getattr(steps, name)()
        except Look as e:
            print(json.dumps([name, None, str(e)]))
            continue
        except Exception as e:
            result = str(e) if isinstance(e, Failed) else "%s: %s" % (type(e).__name__, " ".join(str(e).split()))
            print(json.dumps([name.strip("_"), False, result]))
            return
        print(json.dumps([name.strip("_"), True, result]))
