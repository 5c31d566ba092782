"""Encodes UF2, the file format that an RP2040 or RP2350 in BOOTSEL mode writes to its flash.

Specification: github.com/microsoft/uf2.
"""

import struct

PAYLOAD = 256  # a page of the flash; the boot ROM accepts no other size
_BLOCK = struct.Struct("<8I476sI")
_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)  # the first two begin a block, the last one ends it
_HAS_FAMILY = 0x2000


def encode(data: bytes, address: int, family_id: int) -> bytes:
    """Returns a UF2 file that writes data to an address on chips of this family.

    Raises ValueError unless data and address are whole pages.
    """
    if len(data) % PAYLOAD or address % PAYLOAD:
        raise ValueError(f"data and address have to be whole pages of {PAYLOAD} bytes")
    count = len(data) // PAYLOAD
    blocks = []
    for number in range(count):
        at = number * PAYLOAD
        page = data[at : at + PAYLOAD]
        head = (*_MAGIC[:2], _HAS_FAMILY, address + at, PAYLOAD, number, count, family_id)
        blocks.append(_BLOCK.pack(*head, page, _MAGIC[2]))
    return b"".join(blocks)
