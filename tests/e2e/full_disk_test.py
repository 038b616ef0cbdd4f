#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The disk of the repo is full, or broken: who writes is told, nothing half-made
becomes a shard, and what had been kept stays."""

import json
import os
import random
import shutil
import signal
import unittest

import harness

DISK = 32 << 20
DATA = random.Random(3).randbytes(DISK)
SMALL = DATA[:3_000_000]


@unittest.skipUnless(os.geteuid() == 0, "only root can mount a small disk")
class SmallDisk(harness.MountTest):
    settle = "0.1"

    def setUp(self):
        self.repo_made = False
        super().setUp()

    def make_disk(self):
        harness.run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.disk)

    def dagfs(self, *arguments, **options):
        if not self.repo_made:  # Before the first command: init.
            self.repo_made = True
            self.disk = self.folder / "disk"
            self.disk.mkdir()
            self.make_disk()
            self.addCleanup(harness.run, "umount", "-l", self.disk)
            self.repo = self.disk / "repo"
            self.inbox = self.mountpoint / "inbox"
        return super().dagfs(*arguments, **options)

    def begin(self, settle=None):
        self.daemon = self.start("--settle", settle or self.settle)

    def restart(self):
        self.stop(self.daemon, signal.SIGKILL)
        self.begin()

    def fill(self):
        """Leaves not a byte; answers the file that is in the way."""
        path = self.disk / "filler"
        with open(path, "wb", buffering=0) as file:
            for size in (1 << 20, 4096):
                while harness.error_of(file.write, bytes(size)) is None:
                    pass
        return path

    def states(self):
        lines = self.dagfs("inbox", "ls", "--json").stdout.splitlines()
        return {entry["name"]: entry for entry in map(json.loads, lines)}

    def wait_for(self, name, state):
        harness.wait_until(lambda: self.states()[name]["state"] == state, f"{name} {state}")

    def shards(self):
        return os.listdir(self.mountpoint / "shards")

    def check_sealed(self, name, content):
        harness.wait_until(lambda: os.path.islink(self.inbox / name), name)
        self.assertTrue((self.inbox / name / "root").read_bytes() == content)
        self.dagfs("shard", "verify", os.path.basename(os.readlink(self.inbox / name)))

    def check_no_orphans(self):
        self.assertEqual({name.removesuffix(".car") for name in os.listdir(self.repo / "pieces")},
                         set(self.shards()))
        left = [path for path in self.repo.rglob("*.tmp")]
        self.assertEqual(left, [])


class Full(SmallDisk):
    def write_too_much(self, name):
        def write():
            with open(self.inbox / name, "wb", buffering=0) as file:
                for at in range(0, len(DATA), 100_000):
                    file.write(DATA[at:at + 100_000])
        self.assertEqual(harness.error_of(write), "ENOSPC")

    def test_file_that_does_not_fit_fails_and_the_others_go_on(self):
        self.begin()
        (self.inbox / "before").write_bytes(SMALL)
        self.check_sealed("before", SMALL)

        self.write_too_much("large")

        self.wait_for("large", "failed")
        self.assertIn("No space", os.getxattr(self.inbox / "large", "user.dagfs.error").decode())
        found = (self.inbox / "large").read_bytes()
        self.assertTrue(DATA.startswith(found))
        self.assertEqual(len(self.shards()), 1)
        # What is lost does not come back by trying again, nor in another process.
        self.assertNotEqual(self.dagfs("inbox", "retry", "large", check=False).returncode, 0)
        self.restart()
        self.assertNotEqual(self.dagfs("inbox", "retry", "large", check=False).returncode, 0)
        self.assertEqual(len(self.shards()), 1)

        os.unlink(self.inbox / "large")
        (self.inbox / "after").write_bytes(SMALL[::-1])
        self.check_sealed("after", SMALL[::-1])
        self.check_sealed("before", SMALL)
        self.check_no_orphans()

    def test_file_that_is_begun_anew_is_as_if_nothing_had_been(self):
        self.begin("3600")
        filler = self.fill()
        self.assertEqual(harness.error_of((self.inbox / "file").write_bytes, SMALL), "ENOSPC")
        filler.unlink()
        (self.inbox / "file").write_bytes(SMALL)
        self.dagfs("inbox", "seal", "file")
        self.check_sealed("file", SMALL)

    def test_closed_file_that_cannot_be_sealed_is_kept_and_tried_again(self):
        self.begin("3600")
        (self.inbox / "file").write_bytes(SMALL)
        with open(self.inbox / "scattered", "wb") as file:
            file.seek(1_000_000)
            file.write(SMALL)
        filler = self.fill()

        done = self.dagfs("inbox", "seal", "file", "scattered", check=False)

        self.assertEqual(done.returncode, 65)
        self.assertTrue((self.inbox / "scattered").read_bytes() == bytes(1_000_000) + SMALL)
        self.assertTrue((self.inbox / "file").read_bytes() == SMALL)
        self.assertEqual(self.shards(), [])
        filler.unlink()
        self.dagfs("inbox", "retry", "file", "scattered")
        self.check_sealed("file", SMALL)
        self.check_sealed("scattered", bytes(1_000_000) + SMALL)
        self.check_no_orphans()

    def test_directory_with_a_hole_waits_until_it_is_told(self):
        source = self.folder / "source"
        source.mkdir()
        for i in range(8):
            (source / f"f{i}").write_bytes(DATA[i:i + 2_000_000])
        self.begin()
        (self.disk / "filler").write_bytes(bytes(DISK - (10 << 20)))

        done = harness.run("cp", "-r", source, self.inbox / "copy", check=False)

        self.assertIn("No space", done.stderr)
        self.assertIn("No space", os.getxattr(self.inbox / "copy", "user.dagfs.error").decode())
        (self.disk / "filler").unlink()
        # Of two that are at rest equally long the other is sealed.
        (self.inbox / "other").write_bytes(b"x")
        self.check_sealed("other", b"x")
        self.assertFalse(os.path.islink(self.inbox / "copy"))

        shutil.rmtree(self.inbox / "copy/f0", ignore_errors=True)
        (source / "f7").unlink()
        for i in range(7):
            (source / f"f{i}").write_bytes(DATA[i:i + 200_000])
        harness.run("rsync", "-a", "--delete", "--inplace", f"{source}/", self.inbox / "copy")
        self.dagfs("inbox", "seal", "copy")
        for i in range(7):
            self.assertTrue((self.inbox / f"copy/root/f{i}").read_bytes() == DATA[i:i + 200_000])
        self.check_no_orphans()

    def test_directory_that_cannot_be_sealed_is_tried_again(self):
        self.begin("3600")
        (self.inbox / "copy").mkdir()
        (self.inbox / "copy/file").write_bytes(SMALL)
        filler = self.fill()

        self.assertEqual(self.dagfs("inbox", "seal", "copy", check=False).returncode, 65)

        self.assertTrue((self.inbox / "copy/file").read_bytes() == SMALL)
        filler.unlink()
        self.dagfs("inbox", "retry", "copy")
        self.assertTrue((self.inbox / "copy/root/file").read_bytes() == SMALL)
        self.check_no_orphans()

    def test_daemon_starts_on_a_full_disk(self):
        self.begin("3600")
        (self.inbox / "sealed").write_bytes(SMALL)
        self.dagfs("inbox", "seal", "sealed")
        (self.inbox / "closed").write_bytes(SMALL[::-1])
        (self.inbox / "folder").mkdir()
        (self.inbox / "folder/file").write_bytes(SMALL)
        filler = self.fill()

        self.restart()

        self.check_sealed("sealed", SMALL)
        self.assertTrue((self.inbox / "folder/file").read_bytes() == SMALL)
        self.assertEqual(harness.error_of((self.inbox / "new").write_bytes, SMALL), "ENOSPC")
        filler.unlink()
        with open(self.inbox / "after", "wb") as file:
            file.write(SMALL[1000:])
        self.dagfs("inbox", "seal", "after", "folder")
        if self.states()["closed"]["state"] == "failed":
            self.dagfs("inbox", "retry", "closed")
        self.check_sealed("closed", SMALL[::-1])
        self.check_sealed("after", SMALL[1000:])
        self.assertTrue((self.inbox / "folder/root/file").read_bytes() == SMALL)
        self.check_no_orphans()

    def test_ingest_leaves_nothing(self):
        (self.folder / "file").write_bytes(SMALL)
        filler = self.fill()
        done = self.dagfs("ingest", self.folder / "file", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No space", done.stderr)
        filler.unlink()
        self.begin()
        self.assertEqual(self.shards(), [])
        self.assertEqual(os.listdir(self.repo / "inbox"), [])
        self.check_no_orphans()
        made = json.loads(self.dagfs("ingest", "--json", self.folder / "file").stdout)
        self.assertEqual(self.shards(), [made["key"]])


class Broken(SmallDisk):
    """The disk promises more than it can keep, and says EIO when it is too late."""

    def make_disk(self):
        below = self.folder / "below"
        below.mkdir()
        harness.run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", below)
        self.addCleanup(harness.run, "umount", "-l", below)
        self.below = below
        with open(below / "image", "wb") as image:
            image.truncate(8 * DISK)
        try:
            harness.run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", "-O",
                        "^has_journal", below / "image")
            harness.run("mount", "-o", "loop,errors=continue", below / "image", self.disk)
        except (AssertionError, FileNotFoundError) as failure:
            self.skipTest(f"no loop device: {failure}")

    def test_who_syncs_is_told(self):
        self.begin()
        (self.inbox / "before").write_bytes(SMALL)
        self.check_sealed("before", SMALL)
        with open(self.below / "filler", "wb", buffering=0) as file:
            while harness.error_of(file.write, bytes(1 << 20)) is None:
                pass

        def write_and_sync():
            with open(self.inbox / "lost", "wb", buffering=0) as file:
                file.write(DATA[:8_000_000])
                os.fsync(file.fileno())
        self.assertIn(harness.error_of(write_and_sync), ("EIO", "ENOSPC"))

        self.wait_for("lost", "failed")
        self.check_sealed("before", SMALL)
        self.assertEqual(len(self.shards()), 1)


if __name__ == "__main__":
    harness.main()
