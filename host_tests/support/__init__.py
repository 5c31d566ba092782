"""Shared by the tests: ways to run firmware code (interpreters, modes, workers, scripts), peers, services, boards and
data. The files in device/ run on MicroPython."""
