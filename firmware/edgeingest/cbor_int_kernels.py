"""Viper twins of the functions in plain for integers and doubles; the rules of kernels hold here too."""

import micropython


@micropython.viper
def number(dst: ptr8, src: ptr8, state: ptr32) -> int:
    base = int(src)
    end = int(dst) + state[1]
    dst = ptr8(int(dst) + state[0])
    src = ptr8(base + state[2])
    skip = int(state[3])
    column = int(state[4])
    axes = int(state[5])
    first = int(state[6])
    width = int(state[25])
    kind = int(state[26])
    last = base + state[24] - width  # where the last value begins
    room = end - 12  # of a head and a value
    while int(dst) < end and int(src) <= last:
        major = 0xE0 if kind == 4 else 0
        flip = 0
        if (kind & 1) != 0 and src[width - 1] > 127:
            major = 0x20
            flip = 0xFF
        size = width
        if (kind & 2) != 0:
            while size > 1 and (src[size - 1] ^ flip) == 0:
                size -= 1
            if size == 1 and (src[0] ^ flip) < 24:
                size = 0
            elif size == 3:
                size = 4
            elif size > 4:
                size = 8
        if size == 0:
            major |= src[0] ^ flip
        else:
            major += 24
            if size > 1:
                major += 1
                if size > 2:
                    major += 1
                    if size > 4:
                        major += 1
        if skip < 4 and int(dst) <= room:
            while skip < 3:  # a row begins
                dst[0] = state[11 + skip]
                dst = ptr8(int(dst) + 1)
                skip += 1
            dst[0] = major
            i = 0
            while i < size:
                i += 1
                dst[i] = src[size - i] ^ flip
            dst = ptr8(int(dst) + size + 1)
        else:  # byte by byte over the window's end
            if skip < 4:  # a value is sent as it was when its first byte was
                state[14] = major
                i = 0
                while i < size:
                    i += 1
                    state[14 + i] = src[size - i] ^ flip
                state[23] = size + 4
            size = int(state[23])
            while skip < size and int(dst) < end:
                dst[0] = state[11 + skip]
                dst = ptr8(int(dst) + 1)
                skip += 1
            if skip < size:
                break
        src = ptr8(int(src) + width)
        skip = 3
        column += 1
        if column == axes:
            column = 0
            skip = first
    state[2] = int(src) - base
    state[3] = skip
    state[4] = column
    return end - int(dst)


@micropython.viper
def measure(src: ptr8, state: ptr32) -> int:
    base = int(src)
    src = ptr8(base + state[0])
    end = base + state[1]
    width = int(state[25])
    kind = int(state[26])
    total = 0
    while int(src) < end:
        flip = 0
        if (kind & 1) != 0 and src[width - 1] > 127:
            flip = 0xFF
        size = width
        while size > 1 and (src[size - 1] ^ flip) == 0:
            size -= 1
        if size == 1 and (src[0] ^ flip) < 24:
            size = 0
        elif size == 3:
            size = 4
        elif size > 4:
            size = 8
        total += size + 1
        src = ptr8(int(src) + width)
    return total
