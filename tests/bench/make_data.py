#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""make_data.py FOLDER: the CARs that tests/bench/run measures with.

The same bytes each time; what is there already is kept.
"""

import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from car_writer import CarWriter, Dag  # pylint: disable=C0413

LARGE_SIZE = 1 << 30
ENTRIES = 100_000


class Noise:
    """A binary file of bytes that do not compress and do not repeat."""

    def __init__(self, size):
        self._random = random.Random(1)
        self._left = size

    def read(self, count):
        count = min(count, self._left)
        self._left -= count
        return self._random.randbytes(count)


def large_file(path):
    """One UnixFS file of 1 GiB in blocks of 1 MiB."""
    car = CarWriter(path)
    car.close(Dag(car.put).file(Noise(LARGE_SIZE))[0])


def wide_directory(path):
    """A plain directory of 100,000 small files."""
    car = CarWriter(path)
    dag = Dag(car.put)
    car.close(dag.directory({b"file-%07d.txt" % i: dag.file(b"%d\n" % i)
                             for i in range(ENTRIES)})[0])


MAKERS = {
    "large-file.car": large_file,
    "wide-directory.car": wide_directory,
}


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for name, maker in MAKERS.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            print(f"making {name}", flush=True)
            maker(path + ".part")
            os.rename(path + ".part", path)


if __name__ == "__main__":
    main(sys.argv[1])
