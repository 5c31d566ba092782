"""UF2, the form in which an RP2040 or RP2350 takes flash content by copying a file (github.com/microsoft/uf2)."""

import struct

PAYLOAD = 256  # a page of the flash; the boot ROM takes no other size
_BLOCK = struct.Struct("<8I476sI")
_MAGIC = (0x0A324655, 0x9E5D5157, 0x0AB16F30)  # two at the beginning of a block, one at its end
_HAS_FAMILY = 0x2000


def encode(data: bytes, address: int, family_id: int) -> bytes:
    """The UF2 file that puts data, whole pages, at an address for chips of this family."""
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
