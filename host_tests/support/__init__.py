"""What tests share: ways to run firmware code (interpreters, modes, workers, scripts), peers, services and boards, and
data; in device/ are scripts that run on MicroPython."""
