# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Writes unsealed sectors, bit by bit as the format's description has them, for
tests that run programs: independent of what they test."""

QUAD_PADDED = 128
QUAD_UNPADDED = 127
ELEMENT_BITS = 254


def unpadded(size):
    return size // QUAD_PADDED * QUAD_UNPADDED


def fr32_pad(payload):
    """The padded bytes; the last quad is filled up with zeros."""
    out = []
    for at in range(0, len(payload), QUAD_UNPADDED):
        number = int.from_bytes(payload[at:at + QUAD_UNPADDED], "little")
        for element in range(4):
            part = (number >> (ELEMENT_BITS * element)) & ((1 << ELEMENT_BITS) - 1)
            out.append(part.to_bytes(32, "little"))
    return b"".join(out)


def rle_plus(runs):
    """The encoding of ascending (first, count) that do not touch."""
    if not runs:
        return b""
    bits = [0, 0, int(runs[0][0] == 0)]

    def put(number, count):
        bits.extend((number >> i) & 1 for i in range(count))

    def put_length(length):
        if length == 1:
            put(1, 1)
        elif length < 16:
            put(2, 2)
            put(length, 4)
        else:
            put(0, 2)
            while length >= 128:
                put(length % 128 + 128, 8)
                length //= 128
            put(length, 8)

    end = 0
    for first, count in runs:
        if first > end:
            put_length(first - end)
        put_length(count)
        end = first + count
    packed = sum(bit << i for i, bit in enumerate(bits))
    return packed.to_bytes((len(bits) + 7) // 8, "little").rstrip(b"\0")


class SectorWriter:
    """Pieces in the order they are added, each at a multiple of its size."""

    def __init__(self, size):
        self.data = bytearray(size)
        self.used = 0

    def add(self, payload):
        """Answers where it lies: (offset, length), both padded."""
        size = QUAD_PADDED
        while unpadded(size) < len(payload):
            size *= 2
        offset = (self.used + size - 1) // size * size
        padded = fr32_pad(payload)
        self.data[offset:offset + len(padded)] = padded
        self.used = offset + size
        assert self.used <= len(self.data)
        return offset, size

    def trailer(self, places):
        """What says that only `places` are there."""
        runs = []
        for offset, size in sorted(places):
            if runs and sum(runs[-1]) == offset:
                runs[-1] = (runs[-1][0], runs[-1][1] + size)
            else:
                runs.append((offset, size))
        encoded = rle_plus(runs)
        return encoded + len(encoded).to_bytes(4, "little")

    def write(self, path, places):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.data + self.trailer(places))

    def rewrite_trailer(self, path, places):
        """As a storage provider's software does: first the bytes, then the size."""
        trailer = self.trailer(places)
        with open(path, "r+b") as file:
            file.seek(len(self.data))
            file.write(trailer)
            file.truncate()
