#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Writes the seeds of car_header_fuzz, car_sections_fuzz, car_index_fuzz, car_adopter_fuzz and
car_resume_fuzz into corpus/.

Made by the standard library alone, so that they are right or wrong in the way their
names say whatever the C++ code thinks.
"""

import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from car_writer import RAW, Link, dag_cbor, identity_cid, sha2_256_cid, varint  # noqa: E402

PRAGMA = bytes.fromhex("0aa16776657273696f6e02")
HELLO = sha2_256_cid(RAW, b"hello")
HI = identity_cid(RAW, b"hi")


def header(roots, body=None):
    body = dag_cbor({"roots": [Link(root) for root in roots], "version": 1}) if body is None else body
    return varint(len(body)) + body


def section(cid, block):
    return varint(len(cid) + len(block)) + cid + block


def car_v2(payload, index=b"", padding=0, flags=0, **wrong):
    offset = 51 + padding
    fields = {"offset": offset, "size": len(payload),
              "index": offset + len(payload) if index else 0} | wrong
    return (PRAGMA + bytes([flags]) + bytes(15) +
            struct.pack("<QQQ", fields["offset"], fields["size"], fields["index"]) +
            bytes(padding) + payload + index)


def bucket(width, entries, size=None):
    data = b"".join(digest + struct.pack("<Q", position) for digest, position in entries)
    return struct.pack("<IQ", width, len(data) if size is None else size) + data


def index_0401(buckets_of):
    out = b"\x81\x08" + struct.pack("<i", len(buckets_of))
    for code, buckets in buckets_of:
        out += struct.pack("<Qi", code, len(buckets)) + b"".join(buckets)
    return out


def headers():
    roots = b"\x65roots\x81\xd8\x2a\x58\x25\x00" + HELLO
    version = b"\x67version\x01"
    one = header([HELLO])
    yield "no-roots", header([])
    yield "one-root", one
    yield "many-roots", header([HELLO, HI] * 15)
    yield "keys-reversed", header([], b"\xa2" + version + roots)
    yield "extra-key", header([], b"\xa3" + roots + version + b"\x64blip\xf5")
    yield "indefinite", header([], b"\xbf" + roots + version + b"\xff")
    yield "trailing-byte", header([], b"\xa2" + roots + version + b"\x00")
    yield "version-2-as-1", header([], b"\xa2" + roots + b"\x67version\x02")
    yield "huge-array", header([], b"\xa2\x65roots\x9b" + b"\xff" * 8 + version)
    yield "huge-length", b"\xff" * 8 + b"\x7f"
    yield "version-2", car_v2(one)
    yield "version-2-padded", car_v2(one, padding=13, flags=0x80)
    yield "version-2-unfinished", PRAGMA + bytes(40) + one
    yield "version-2-offset-in-header", car_v2(one, offset=40)
    yield "version-2-offset-huge", car_v2(one, offset=1 << 63)
    yield "version-2-size-huge", car_v2(one, size=(1 << 64) - 51)


def cars():
    hello, hi = section(HELLO, b"hello"), section(HI, b"hi")
    start = header([HELLO])
    v0 = HELLO[2:]
    unknown = b"\x01\x55" + varint(0x9999) + b"\x04abcd"
    long_cid = identity_cid(RAW, b"x" * 200)
    yield "two-blocks", start + hello + hi
    yield "version-0", header([]) + section(v0, b"hello")
    yield "duplicates", start + hello * 3
    yield "good-then-bad", start + hello + section(HELLO, b"jello")
    yield "bad-then-good", start + section(HELLO, b"jello") + hello
    yield "unknown-hash", start + section(unknown, b"what") + hello
    yield "empty-block", start + section(sha2_256_cid(RAW, b""), b"")
    yield "empty-digest", start + section(b"\x01\x55\x12\x00", b"any")
    yield "long-identity", start + section(long_cid, b"x" * 200) + hello
    yield "zero-padded", start + hello + bytes(40)
    yield "zeros-then-block", start + bytes(3) + hello
    yield "cut-block", (start + hello)[:-2]
    yield "length-huge", start + hello + b"\xff" * 8 + b"\x7f"
    yield "length-too-short-for-cid", start + b"\x10" + HELLO
    yield "version-2-indexed", car_v2(start + hello + hi, right_index(), padding=5)
    yield "many-small", start + b"".join(
        section(sha2_256_cid(RAW, bytes([i])), bytes([i])) for i in range(20))


def right_index():
    digest = hashlib.sha256(b"hello").digest()
    # Positions of car_index_fuzz's own payload: hello, hi, hello.
    return index_0401([(0x00, [bucket(10, [(b"hi", 60)])]),
                       (0x12, [bucket(40, [(digest, 18), (digest, 69)])])])


def indices():
    digest = hashlib.sha256(b"hello").digest()
    others = sorted(hashlib.sha256(bytes([i])).digest() for i in range(12))
    entries = [(other, i) for i, other in enumerate(others)]
    yield "matching", right_index()
    yield "without-identity", index_0401([(0x12, [bucket(40, [(digest, 18), (digest, 69)])])])
    yield "wrong-position", index_0401([(0x12, [bucket(40, [(digest, 18), (digest, 70)])])])
    yield "index-sorted", (b"\x80\x08" + struct.pack("<i", 2) + bucket(10, [(b"hi", 60)]) +
                           bucket(40, [(digest, 18), (digest, 69)]))
    yield "empty", index_0401([])
    yield "sorted", index_0401([(0x12, [bucket(40, entries)])])
    yield "unsorted", index_0401([(0x12, [bucket(40, entries[::-1])])])
    yield "equal-digests", index_0401([(0x12, [bucket(40, entries[:1] * 30)])])
    yield "empty-digests", index_0401([(0x00, [bucket(8, [(b"", 1), (b"", 2)])])])
    yield "codes-unsorted", index_0401([(0x12, []), (0x00, [bucket(9, [(b"a", 1)])])])
    yield "count-huge", b"\x81\x08" + struct.pack("<i", 0x7fffffff)
    yield "count-negative", b"\x81\x08" + struct.pack("<i", -1)
    yield "width-huge", b"\x80\x08" + struct.pack("<i", 1) + bucket(0xffffffff, [])
    yield "size-huge", b"\x80\x08" + struct.pack("<i", 1) + bucket(40, [], (1 << 64) - 1)
    yield "size-uneven", b"\x80\x08" + struct.pack("<i", 1) + bucket(40, [], 1) + b"x"
    yield "cut", right_index()[:-3]
    yield "padded", right_index() + bytes(64)
    yield "other-codec", b"\x82\x08" + struct.pack("<i", 0)


def arriving():
    for name, content in cars():
        yield name, b"\x10" + content  # In steps of 17 bytes.


def unfinished():
    hello = section(HELLO, b"hello")
    others = b"".join(section(sha2_256_cid(RAW, bytes([i])), bytes([i])) for i in range(4))
    head = PRAGMA + bytes(40) + bytes(59 - 18) + header([])
    good = head + hello + others
    finished = car_v2(header([HELLO]) + hello, right_index())
    yield "head", head
    yield "head-cut", head[:-5]
    yield "good", good
    yield "cut-block", good[:-1]
    yield "cut-cid", good[:-20]
    yield "zeros-at-end", good + bytes(100)
    yield "hole", head + hello + bytes(38) + others
    yield "wrong-block", head + hello + section(HELLO, b"jello") + others
    yield "index-begun", good + right_index()[:40]
    yield "large-room", PRAGMA + bytes(40) + bytes(205 - 18) + header([]) + hello
    yield "patched-room", PRAGMA + bytes(40) + header([HELLO]) + hello
    yield "room-of-zeros", PRAGMA + bytes(40 + 59) + hello
    yield "all-zeros", bytes(200)
    yield "finished", finished
    yield "finished-padded", car_v2(header([HELLO]) + hello, right_index(), padding=7)
    yield "finished-wrong-block", car_v2(header([HELLO]) + section(HELLO, b"jello"))
    yield "finished-identity-twice", car_v2(header([]) + section(HI, b"hi") * 2)
    yield "many-copies", head + hello * 20
    yield "length-huge", good + b"\xff" * 8 + b"\x7f"


def main():
    for target, seeds in (("car_header_fuzz", headers()), ("car_sections_fuzz", cars()),
                          ("car_index_fuzz", indices()), ("car_adopter_fuzz", arriving()),
                          ("car_resume_fuzz", unfinished())):
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds:
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
