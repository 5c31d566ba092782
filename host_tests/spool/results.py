"""Results of a spool as the tests compare them: counts that are not named are 0."""

from collections import namedtuple

FIELDS = "stored duplicates rejected damaged kept error repeated stuck"
Flushed = namedtuple("Flushed", FIELDS, defaults=(0, 0, 0, 0, 0, None, 0, {}))
Recovered = namedtuple("Recovered", "finished waiting dropped damaged", defaults=(0, 0, 0, 0))
