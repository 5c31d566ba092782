"""Checks the rules of the data acquisition format in any encoding (Edge Impulse docs, data acquisition format).

`Values` checks `payload.values` while it is read, element by element, so that a 100 MB message is never in memory;
`check_message` checks everything else afterwards. The order of the members is free, so sensors may come after values.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from edgeingest_tools.errors import Refusal, brief

_TOP = {"payload", "protected", "signature"}
_PAYLOAD_REQUIRED = ("device_type", "interval_ms", "sensors", "values")
_PAYLOAD_OPTIONAL = ("device_name", "metadata", "structured_labels")
_NUMBERS = {int, float}
_HS256 = re.compile(r"[0-9a-f]{64}")
_FLAT = -1  # the width of `values` when its elements are numbers, not rows


@dataclass
class Facts:
    """The facts that the checks found out about a file."""

    kind: str = ""
    rows: int | None = None
    interval_ms: float | None = None
    sensors: list[tuple[str, str]] = field(default_factory=list)
    device_name: str | None = None
    device_type: str | None = None
    signature: str = "-"
    detail: str = ""


class Values:
    """Checks the elements of `values` one by one and keeps only their number and form."""

    def __init__(self, sink: Callable[[Iterable[float]], None] | None = None) -> None:
        self.seen = False
        self.rows = 0
        self.width = _FLAT
        self.reference: str | None = None
        self._sink = sink

    def take(self, items: Iterable[Any]) -> None:
        """Checks all elements: rows of numbers, or numbers, or one Ref-BINARY string. Raises Refusal."""
        self.seen = True
        for item in items:
            if self.rows == 0:
                self._begin(item)
            if not self._fits(item):
                raise self._refusal(item)
            if self._sink is not None and self.reference is None:
                self._sink(item if type(item) is list else (item,))
            self.rows += 1

    def _begin(self, first: Any) -> None:
        if type(first) is list:
            self.width = len(first)
        elif type(first) is str:
            self.reference = first

    def _fits(self, item: Any) -> bool:
        kind = type(item)
        if kind is list:
            return len(item) == self.width and bool(item) and set(map(type, item)) <= _NUMBERS
        if self.reference is not None:
            return self.rows == 0
        return kind in _NUMBERS and self.width == _FLAT

    def _refusal(self, item: Any) -> Refusal:
        where = f"values[{self.rows}]"
        if self.reference is not None:
            return Refusal(f"{where} is {brief(item)}: the Ref-BINARY string must be the only element of values")
        if type(item) is not list:
            if type(item) in _NUMBERS:
                return Refusal(f"{where} is the number {brief(item)} but before it are rows: send rows throughout")
            return Refusal(f"{where} is {brief(item)}: send a number, or a row of numbers")
        if self.width == _FLAT:
            return Refusal(f"{where} is the row {brief(item)} but before it are numbers: send rows throughout")
        if not item or len(item) != self.width:
            return Refusal(
                f"{where} has {len(item)} numbers, values[0] has {self.width}: send one per sensor in every row"
            )
        wrong = next(value for value in item if type(value) not in _NUMBERS)
        return Refusal(f"{where} has {brief(wrong)}, which is not a number: every value must be a number")

    def check_width(self, sensors: int) -> None:
        """Raises Refusal unless every row has one number per sensor; a flat array is for one sensor only."""
        if self.rows == 0:
            raise Refusal("values is empty: send at least one reading")
        if self.reference is not None:
            return
        if self.width == _FLAT and sensors != 1:
            raise Refusal(
                f"values is a flat array but there are {sensors} sensors: send a row of {sensors} per interval"
            )
        if self.width not in (_FLAT, sensors):
            raise Refusal(
                f"the rows of values have {self.width} numbers but there are {sensors} sensors: make them equal"
            )


def check_message(message: dict, values: Values) -> Facts:
    """Checks a decoded message (without its values) against the documented rules; returns its facts. Raises Refusal."""
    if missing := sorted(_TOP - set(message)):
        raise Refusal(f"the message has no {' and no '.join(missing)}: send exactly payload, protected, signature")
    if extra := sorted(set(message) - _TOP):
        raise Refusal(f"the message has {brief(extra[0])} at the top level: send exactly payload, protected, signature")
    algorithm = _check_protected(message["protected"])
    _check_signature(algorithm, message["signature"])
    payload = message["payload"]
    sensors = _check_payload(payload, values)
    values.check_width(len(sensors))
    interval_ms = payload["interval_ms"]
    if not _is_number(interval_ms) or interval_ms < 0:
        raise Refusal(
            f"payload.interval_ms is {brief(interval_ms)}: send the milliseconds between two rows, as a number"
        )
    if interval_ms == 0 and sensors[0][1] != "rgba":
        raise Refusal(
            "payload.interval_ms is 0: that is for images (units rgba); send the milliseconds between two rows"
        )
    return Facts(
        rows=values.rows,
        interval_ms=interval_ms,
        sensors=sensors,
        device_name=payload.get("device_name"),
        device_type=payload["device_type"],
        signature="none" if algorithm == "none" else "unchecked",
    )


def _check_protected(protected: object) -> str:
    # Other members are allowed in practice: the C SDK's example adds `exp`.
    if not isinstance(protected, dict):
        raise Refusal(f"protected is {brief(protected)}: it must be a map with ver and alg")
    if protected.get("ver") != "v1":
        raise Refusal(f'protected.ver is {brief(protected.get("ver"))}: send "v1"')
    if protected.get("alg") not in ("HS256", "none"):
        raise Refusal(f'protected.alg is {brief(protected.get("alg"))}: send "HS256" or "none"')
    if "iat" in protected and not (_is_number(protected["iat"]) and protected["iat"] >= 0):
        raise Refusal(
            f"protected.iat is {brief(protected['iat'])}: send seconds since 1970 as a number, or leave it out"
        )
    return protected["alg"]


def _check_signature(algorithm: str, signature: object) -> None:
    if algorithm == "HS256":
        if not isinstance(signature, str) or not _HS256.fullmatch(signature):
            raise Refusal(f"signature is {brief(signature, 80)}: with alg HS256 send 64 lower-case hex characters")
    # Official clients send "00", more zeros, or (Python SDK) null.
    elif signature is not None and (not isinstance(signature, str) or not signature or signature.strip("0")):
        raise Refusal(f'signature is {brief(signature, 80)}: with alg none send "00"')


def _check_payload(payload: object, values: Values) -> list[tuple[str, str]]:
    if not isinstance(payload, dict):
        raise Refusal(f"payload is {brief(payload)}: it must be a map")
    for name in _PAYLOAD_REQUIRED:
        if name not in payload and not (name == "values" and values.seen):
            raise Refusal(f"payload.{name} is missing: a message needs {', '.join(_PAYLOAD_REQUIRED)}")
    for name in payload:
        if name == "frequency":
            raise Refusal("payload.frequency is not a member: send interval_ms, which is 1000 / frequency")
        if name not in _PAYLOAD_REQUIRED + _PAYLOAD_OPTIONAL:
            raise Refusal(f"payload.{name} is not a documented member: leave it out, or send it as x-metadata")
    for name, kind, word in (
        ("device_name", str, "text"),
        ("metadata", dict, "a map"),
        ("structured_labels", list, "an array"),
    ):
        if name in payload and not isinstance(payload[name], kind):
            raise Refusal(f"payload.{name} is {brief(payload[name])}: it must be {word}")
    if not isinstance(payload["device_type"], str) or not payload["device_type"]:
        raise Refusal(f"payload.device_type is {brief(payload['device_type'])}: send text such as RPI_PICO_W")
    return _check_sensors(payload["sensors"])


def _check_sensors(sensors: object) -> list[tuple[str, str]]:
    if not isinstance(sensors, list) or not sensors:
        raise Refusal(f"payload.sensors is {brief(sensors)}: send an array with one {{name, units}} map per axis")
    for index, sensor in enumerate(sensors):
        if not isinstance(sensor, dict) or set(sensor) != {"name", "units"}:
            raise Refusal(f"payload.sensors[{index}] is {brief(sensor)}: it must be a map with exactly name and units")
        for name, value in sensor.items():
            if not isinstance(value, str) or not value:
                raise Refusal(
                    f"payload.sensors[{index}].{name} is {brief(value)}: send text (units without a name: N/A)"
                )
    return [(sensor["name"], sensor["units"]) for sensor in sensors]


def _is_number(value: Any) -> bool:
    return type(value) in _NUMBERS and math.isfinite(value)
