"""Runs on MicroPython: runs the main.py of a board with stand-ins for its modules, as far as main.py uses them.

Wi-Fi and the clock are tested in test_network.py."""

import sys

calls = []


class Pin:
    def __init__(self, id):
        self.id = id


class ADC:
    """An input whose values count up."""

    def __init__(self, pin):
        calls.append(("adc", pin.id))
        self.count = 0

    def read_u16(self):
        self.count += 1
        return self.count


class machine:
    ADC = ADC
    Pin = Pin


class network:
    @staticmethod
    def connect(ssid, password):
        calls.append(("connect", ssid, password))

    @staticmethod
    def set_clock():
        calls.append(("clock",))


def run_main(clock):
    """Runs main.py with this clock for captures, and prints the calls of the modules."""
    import edgeingest.capture

    sys.modules["machine"] = machine
    edgeingest.capture.time = clock
    sys.modules["edgeingest.network"] = network
    __import__("main")
    print(calls)
