"""Runs on a simulated board at its start: makes it a board of another port. A test adds the call."""

import sys


class Implementation:
    name, version, _mpy = sys.implementation.name, sys.implementation.version, sys.implementation._mpy


class System:
    """The module `sys` of a board."""

    implementation = Implementation

    def __getattr__(self, name):
        return getattr(sys, name)


def become(platform, machine):
    System.platform, Implementation._machine = platform, machine
    sys.modules["sys"] = System()
