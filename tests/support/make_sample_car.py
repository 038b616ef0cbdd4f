#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""make_sample_car.py FILE: a small CAR with one of everything, for tools/run.
The same bytes each time."""

import sys

from car_writer import DAG_CBOR, CarWriter, Dag, Link, dag_cbor

LETTER = b"""Dear reader,

these lines lie in a block of a CAR file. Nothing was unpacked to show them:
dagfs found the block through the shard's index, hashed it, saw that it is
what its CID promises, and handed it to the kernel.
"""


def numbers(count):
    """A file large enough for several blocks."""
    return b"".join(b"line %07d\n" % i for i in range(count))


def main(path):
    car = CarWriter(path)
    dag = Dag(car.put, chunk_size=1 << 18)
    mtime = 1_700_000_000
    log = dag.file(numbers(100_000), mode=0o640, mtime=mtime)
    facts = dag.block(DAG_CBOR, dag_cbor({
        "title": "a dag-cbor node: maps and lists are directories",
        "sizes": [1, 2, 3],
        "leads to": Link(log[0]),
    }))
    root, _ = dag.directory({
        b"letter.txt": dag.file(LETTER, mode=0o644, mtime=mtime),
        b"numbers.log": log,
        b"latest": dag.symlink(b"numbers.log"),
        b"facts": facts,
        b"empty": dag.directory({}),
    }, mode=0o755, mtime=mtime)
    car.close(root)


if __name__ == "__main__":
    main(sys.argv[1])
