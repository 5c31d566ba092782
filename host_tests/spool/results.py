"""Results of a spool as the tests compare them: counts that are not named are 0."""

from collections import namedtuple

Flushed = namedtuple("Flushed", "stored duplicates rejected damaged kept error", defaults=(0, 0, 0, 0, 0, None))
Recovered = namedtuple("Recovered", "finished waiting dropped damaged", defaults=(0, 0, 0, 0))
