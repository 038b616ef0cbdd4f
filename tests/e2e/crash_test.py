#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A daemon that dies leaves nothing broken; one that is told to go, goes."""

import os
import signal
import subprocess
import threading

import harness
from car_writer import RAW, CarWriter, sha2_256_cid, write_tree_car

CONTENT = bytes(range(256)) * 20_000


class Killed(harness.MountTest):
    def read_until_dead(self, path):
        """Reads a file over and over in a thread, until reading fails."""
        def loop():
            while harness.error_of(path.read_bytes) is None:
                pass
        thread = threading.Thread(target=loop)
        thread.start()
        return thread

    def test_killed_during_reads_the_next_one_replaces_the_stale_mount(self):
        write_tree_car(self.folder / "a.car", CONTENT)
        shard, = self.mount(self.folder / "a.car")
        self.assertTrue((shard / "root").read_bytes() == CONTENT)

        for _ in range(3):
            readers = [self.read_until_dead(shard / "root") for _ in range(4)]
            self.stop(self.daemon, signal.SIGKILL)
            for reader in readers:
                reader.join(harness.PATIENCE)
                self.assertFalse(reader.is_alive())
            self.assertEqual(harness.error_of(os.listdir, self.mountpoint), "ENOTCONN")

            self.daemon = self.start()
            self.assertTrue((shard / "root").read_bytes() == CONTENT)
            self.assertFalse(os.path.exists(self.mountpoint / "shards/b"))

    def test_killed_during_a_first_index_nothing_is_stuck(self):
        blocks = [b"%06d" % i for i in range(150_000)]
        car = CarWriter(self.folder / "many.car", [sha2_256_cid(RAW, blocks[0])])
        for block in blocks:
            car.section(sha2_256_cid(RAW, block), block)
        car.close()
        shard, = self.mount(self.folder / "many.car")

        for delay in (0.0, 0.002, 0.01, 0.03, 0.06):
            looker = subprocess.Popen(["ls", shard / "roots"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            threading.Event().wait(delay)
            self.stop(self.daemon, signal.SIGKILL)
            looker.wait(harness.PATIENCE)
            self.daemon = self.start()

        self.assertEqual((shard / "root").read_bytes(), blocks[0])
        self.assertEqual(len(os.listdir(shard / "blocks")), len(blocks))
        left_over = [name for _, _, names in os.walk(self.repo) for name in names
                     if "tmp" in name or name.endswith("~")]
        self.assertEqual(left_over, [])


class Told(harness.MountTest):
    def check_ends_clean(self, end):
        write_tree_car(self.folder / "a.car", {b"f": CONTENT})
        shard, = self.mount(self.folder / "a.car")
        self.assertTrue((shard / "root/f").read_bytes() == CONTENT)

        end()
        self.assertEqual(self.daemon.wait(harness.PATIENCE), 0)
        self.assertFalse(harness.is_mounted(self.mountpoint))
        self.assertEqual(os.listdir(self.mountpoint), [])

    def test_sigterm_unmounts(self):
        self.check_ends_clean(lambda: self.daemon.send_signal(signal.SIGTERM))

    def test_sigint_unmounts(self):
        self.check_ends_clean(lambda: self.daemon.send_signal(signal.SIGINT))

    def test_fusermount_unmounts(self):
        self.check_ends_clean(lambda: harness.run("fusermount3", "-u", self.mountpoint))

    def test_umount_command_unmounts(self):
        self.check_ends_clean(lambda: self.dagfs("umount", self.mountpoint))

    def test_sigterm_with_files_open_still_ends(self):
        write_tree_car(self.folder / "a.car", CONTENT)
        shard, = self.mount(self.folder / "a.car")
        with open(shard / "root", "rb", buffering=0) as file:
            self.assertEqual(file.read(10), CONTENT[:10])
            self.assertEqual(self.stop(self.daemon), 0)
            self.assertFalse(harness.is_mounted(self.mountpoint))


if __name__ == "__main__":
    harness.main()
