"""Viper twins of the functions in plain for integers and doubles; the rules of kernels hold here too."""

import micropython


@micropython.viper
def number(dst: ptr8, src: ptr8, state: ptr32):
    start = int(dst)
    base = int(src)
    dst = ptr8(start + state[0])
    src = ptr8(base + state[2])
    last = start + state[1]
    end = base + state[3]
    column = int(state[4])
    axes = int(state[5])
    head = int(state[6])
    width = int(state[10])
    kind = int(state[11])
    while int(src) < end and int(dst) <= last:
        if column == axes:
            column = 0
            dst[0] = state[7]
            if head > 1:
                dst[1] = state[8]
                if head > 2:
                    dst[2] = state[9]
            dst = ptr8(int(dst) + head)
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
            dst[0] = major | (src[0] ^ flip)
        else:
            code = 24
            if size > 1:
                code = 25
                if size > 2:
                    code = 26
                    if size > 4:
                        code = 27
            dst[0] = major | code
            i = 0
            while i < size:
                i += 1
                dst[i] = src[size - i] ^ flip
        dst = ptr8(int(dst) + size + 1)
        src = ptr8(int(src) + width)
        column += 1
    state[0] = int(dst) - start
    state[2] = int(src) - base
    state[4] = column


@micropython.viper
def measure(src: ptr8, state: ptr32) -> int:
    base = int(src)
    src = ptr8(base + state[2])
    end = base + state[3]
    width = int(state[10])
    kind = int(state[11])
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
