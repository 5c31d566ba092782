"""Decodes the messages on disk: CBOR element by element in constant memory, JSON as a whole.

cbor2 decodes every item. Only the heads of the message, `payload` and `values` are read here, so that each row can be
checked and dropped before the next one is decoded.
"""

import json
import math
from collections.abc import Iterator
from io import BufferedReader

import cbor2

from edgeingest_tools.errors import Refusal, brief
from edgeingest_tools.service.message import Values

_ARRAY, _MAP, _BREAK = 4, 5, b"\xff"
# After every item cbor2 seeks back to the item's end. Rows are short, so a short read is faster.
_READ_SIZE = 16


def read_cbor(file: BufferedReader, values: Values) -> dict:
    """Returns the message without `payload.values`, which go to `values`; leaves the file at the message's end.

    Raises Refusal.
    """
    reader = _ItemReader(file)
    message: dict = {}
    try:
        for name in reader.members("the message", message):
            message[name] = _read_payload(reader, values) if name == "payload" else reader.item()
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, EOFError) as error:
        raise Refusal(f"not CBOR at or before byte {file.tell()}: {error}") from None
    return message


def _read_payload(reader: "_ItemReader", values: Values) -> dict:
    payload: dict = {}
    for name in reader.members("payload", payload):
        if name == "values":
            values.take(reader.items("payload.values"))
            payload[name] = None
        else:
            payload[name] = reader.item()
    return payload


class _ItemReader:
    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.item = cbor2.CBORDecoder(file, read_size=_READ_SIZE, allow_duplicate_keys=False).decode

    def members(self, where: str, known: dict) -> Iterator[str]:
        for _ in self._each(_MAP, where, "a map"):
            name = self.item()
            if type(name) is not str:
                raise Refusal(f"{where} has the key {brief(name)}: keys must be text")
            if name in known:
                raise Refusal(f"{where} has {brief(name)} twice: send every member once")
            yield name

    def items(self, where: str) -> Iterator[object]:
        item = self.item
        for _ in self._each(_ARRAY, where, "an array"):
            yield item()

    def _each(self, major: int, where: str, word: str) -> Iterator[None]:
        start = self._file.tell()
        head = self._read(1)[0]
        if start == 0 and head == ord("{"):
            raise Refusal("the message begins with {, as JSON does: send JSON as application/json, in .json files")
        if head >> 5 != major:
            self._file.seek(start)
            raise Refusal(f"{where} is {brief(self.item())}: it must be {word}")
        low = head & 31
        if low == 31:
            while self._file.peek(1)[:1] != _BREAK:
                yield
            self._read(1)
            return
        if low > 27:
            raise ValueError(f"{where} begins with the reserved byte {head:#04x}")
        count = low if low < 24 else int.from_bytes(self._read(1 << low - 24), "big")
        for _ in range(count):
            yield

    def _read(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) != size:
            raise EOFError("the message ends early")
        return found


def read_json(file: BufferedReader, values: Values) -> dict:
    """Returns the message as `read_cbor` does, with the whole text in memory, as the json module needs it.

    Raises Refusal.
    """
    try:
        message = json.loads(
            file.read().decode(),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise Refusal(f"not JSON: {error}") from None
    if not isinstance(message, dict):
        raise Refusal(f"the message is {brief(message)}: it must be a map")
    payload = message.get("payload")
    if isinstance(payload, dict) and "values" in payload:
        found = payload.pop("values")
        if not isinstance(found, list):
            raise Refusal(f"payload.values is {brief(found)}: it must be an array")
        values.take(found)
    return message


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON; leave such readings out, or send CBOR")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{brief(text)} is too large for a double")
    return number


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{brief(twice)} appears twice in one object; send every member once")
    return found
