#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Pieces in a sector's unsealed copy, seen through the mount."""

import concurrent.futures
import os
import random

import harness
from car_writer import write_tree_car
from sector_writer import SectorWriter, unpadded

SECTOR_SIZE = 8 << 20
TREE = {b"a": b"hello", b"d": {b"big": random.Random(1).randbytes(700_000)}}


class Sector(harness.MountTest):
    def setUp(self):
        super().setUp()
        rng = random.Random(2)
        self.payloads = {
            "tree": self.car(TREE),
            "small": self.car({b"f": b"some content"}),
            "noise": rng.randbytes(300_000),
        }
        self.sector = SectorWriter(SECTOR_SIZE)
        self.sector.add(b"x" * 100)  # So that none begins at 0.
        self.places = {key: self.sector.add(payload) for key, payload in self.payloads.items()}
        self.path = self.folder / "unsealed/s-t01000-7"
        self.sector.write(self.path, self.places.values())
        os.chmod(self.path, 0o444)

    def car(self, content):
        path = self.folder / "car"
        write_tree_car(path, content, chunk_size=1 << 16)
        return path.read_bytes()

    def register_all(self, with_size=()):
        for key, (offset, length) in self.places.items():
            url = f"sector://{self.path}?offset={offset}&length={length}"
            if key in with_size:
                url += f"&payload={len(self.payloads[key])}"
            self.register("--key", key, url)

    def whole(self, key):
        return self.payloads[key].ljust(unpadded(self.places[key][1]), b"\0")

    def shard(self, key):
        return self.mountpoint / "shards" / key

    def test_every_byte_is_the_original(self):
        self.register_all(with_size=("small",))
        self.mount()
        for key in ("tree", "small"):
            self.assertEqual((self.shard(key) / "piece.car").read_bytes(), self.payloads[key])
        for key in self.places:
            self.assertEqual((self.shard(key) / "piece.bin").read_bytes(), self.whole(key))
        root = self.shard("tree") / "root"
        self.assertEqual((root / "a").read_bytes(), TREE[b"a"])
        self.assertEqual((root / "d/big").read_bytes(), TREE[b"d"][b"big"])
        self.assertEqual((self.shard("small") / "root/f").read_bytes(), b"some content")

    def test_sixteen_threads_read_at_random(self):
        self.register_all()
        self.mount()
        whole = self.whole("tree")

        def read(seed):
            rng = random.Random(seed)
            with open(self.shard("tree") / "piece.bin", "rb", buffering=0) as file:
                for _ in range(40):
                    offset = rng.randrange(len(whole))
                    size = rng.randrange(200_000)
                    if os.pread(file.fileno(), size, offset) != whole[offset:offset + size]:
                        return False
            return True

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(read, range(16))))

    def test_what_is_no_car_is_still_a_shard(self):
        self.register_all()
        self.mount()
        self.assertEqual(sorted(os.listdir(self.shard("noise"))),
                         ["blocks", "piece.bin", "roots", "shard.json"])
        self.assertEqual(harness.error_of(os.listdir, self.shard("noise") / "blocks"), "EIO")

    def test_a_piece_that_is_freed_is_unavailable_and_no_other(self):
        self.register_all()
        self.mount()
        self.assertEqual((self.shard("tree") / "root/a").read_bytes(), TREE[b"a"])
        os.chmod(self.path, 0o644)
        kept = [place for key, place in self.places.items() if key != "tree"]
        self.sector.rewrite_trailer(self.path, kept)

        gone = self.shard("tree")
        harness.wait_until(lambda: harness.error_of((gone / "piece.bin").read_bytes) == "EIO",
                           "the freed piece")
        self.assertEqual(harness.error_of((gone / "piece.car").read_bytes), "EIO")
        self.assertEqual(harness.error_of(os.listdir, gone / "blocks"), "EIO")
        self.assertIn(b"not unsealed here", os.getxattr(gone, "user.dagfs.error"))
        for key in ("small", "noise"):
            self.assertEqual((self.shard(key) / "piece.bin").read_bytes(), self.whole(key))
        self.assertEqual((self.shard("small") / "root/f").read_bytes(), b"some content")

        self.sector.rewrite_trailer(self.path, self.places.values())
        harness.wait_until(lambda: harness.error_of(os.listdir, gone / "blocks") is None,
                           "the piece is back")
        self.assertEqual((gone / "piece.car").read_bytes(), self.payloads["tree"])

    def test_verify_takes_the_padding_for_what_it_is(self):
        self.register_all()
        self.dagfs("shard", "verify", "tree", "small")
        done = self.dagfs("shard", "verify", "noise", check=False)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    harness.main()
