#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A piece that somebody changes under the mount is indexed again or an error:
what was read from its old and new bytes is never mixed."""

import os

import harness
from car_writer import write_tree_car

OLD = b"old content " * 50_000
NEW = b"the new one " * 50_000


class ChangedPiece(harness.MountTest):
    def setUp(self):
        super().setUp()
        self.car = self.folder / "a.car"
        write_tree_car(self.car, {b"f": OLD, b"only old": b"x"}, chunk_size=1 << 16)
        self.shard, = self.mount(self.car)
        self.assertTrue((self.shard / "root/f").read_bytes() == OLD)

    def new_car(self, content):
        path = self.folder / "other"
        write_tree_car(path, content, chunk_size=1 << 16)
        return path

    def settled(self, wanted):
        """Whether the mount shows `wanted`; anything but that or an error fails."""
        try:
            found = (self.shard / "root/f").read_bytes()
        except OSError:
            return False
        self.assertIn(found, (OLD, wanted))
        return found == wanted

    def check_becomes_new(self):
        harness.wait_until(lambda: self.settled(NEW), "new content")
        # The old root is gone from the listing, and so is what was below it.
        self.assertEqual(len(os.listdir(self.shard / "roots")), 1)
        self.assertEqual(os.listdir(self.shard / "root"), ["f"])

    def test_replaced_by_rename_is_indexed_again(self):
        os.rename(self.new_car({b"f": NEW}), self.car)
        self.check_becomes_new()

    def test_rewritten_in_place_is_indexed_again(self):
        content = self.new_car({b"f": NEW}).read_bytes()
        with open(self.car, "r+b") as file:
            file.write(content)
            file.truncate()
        self.check_becomes_new()

    def test_truncated_is_an_error_and_heals_when_it_is_whole_again(self):
        whole = self.car.read_bytes()
        os.truncate(self.car, len(whole) // 2)
        with self.assertRaises(OSError):
            found = (self.shard / "root/f").read_bytes()
            self.assertEqual(found, OLD)  # From the cache of the kernel: still right.
            os.listdir(self.shard / "blocks")

        self.car.write_bytes(whole)
        harness.wait_until(lambda: self.settled(OLD), "content healed")

    def test_truncated_under_an_open_file_never_gives_wrong_bytes(self):
        with open(self.shard / "root/f", "rb", buffering=0) as file:
            os.truncate(self.car, 1000)
            for offset in range(0, len(OLD), 50_000):
                try:
                    found = os.pread(file.fileno(), 5000, offset)
                except OSError:
                    continue
                self.assertEqual(found, OLD[offset:offset + 5000])

    def test_removed_is_an_error_and_comes_back(self):
        away = self.folder / "away"
        os.rename(self.car, away)
        self.assertEqual(harness.error_of((self.shard / "piece.car").read_bytes), "EIO")
        os.rename(away, self.car)
        harness.wait_until(lambda: self.settled(OLD), "content back")

    def test_bytes_flipped_before_the_first_look_at_them_are_an_error(self):
        # Restarted, so that no cache of the first look helps.
        self.stop(self.daemon)
        stamp = os.stat(self.car)
        raw = bytearray(self.car.read_bytes())
        place = raw.index(OLD[:1000])
        raw[place + 10] ^= 1
        self.car.write_bytes(raw)
        os.utime(self.car, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        self.daemon = self.start()
        self.assertEqual(harness.error_of((self.shard / "root/f").read_bytes), "EIO")


if __name__ == "__main__":
    harness.main()
