#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Everyday programs find a dagfs mount as good as any file system."""

import filecmp
import hashlib
import mmap
import os
import random
import subprocess
import tarfile
import unittest

import harness
from car_writer import CarWriter, Dag, write_tree_car

MMAP_READ = os.environ.get("DAGFS_MMAP_READ", "")


def sample_tree():
    """Folders and files of many sizes; the same each time."""
    noise = random.Random(1)
    tree = {b"large.bin": noise.randbytes(5_000_001), b"empty": b"", b"readme.txt": b"find me\n"}
    for folder in range(5):
        tree[b"folder %d" % folder] = {
            b"file-%03d" % i: noise.randbytes(noise.randrange(3000)) for i in range(60)}
    return tree


def write_plain(folder, tree):
    """The same tree as plain files, to compare with."""
    folder.mkdir()
    for name, content in tree.items():
        if isinstance(content, dict):
            write_plain(folder / os.fsdecode(name), content)
        else:
            (folder / os.fsdecode(name)).write_bytes(content)


class Programs(harness.MountTest):
    def setUp(self):
        super().setUp()
        tree = sample_tree()
        self.plain = self.folder / "plain"
        write_plain(self.plain, tree)
        write_tree_car(self.folder / "a.car", tree, chunk_size=1 << 18)
        self.shard, = self.mount(self.folder / "a.car")
        self.root = self.shard / "root"

    def same_output(self, *command):
        """A command says the same in the mount as among plain files."""
        mounted = harness.run(*command, cwd=self.root).stdout
        self.assertEqual(mounted, harness.run(*command, cwd=self.plain).stdout)
        self.assertTrue(mounted)

    def assert_same_tree(self, copy):
        harness.run("diff", "-r", self.plain, copy)

    def test_find_counts_every_file(self):
        found = harness.run("sh", "-c", f"find '{self.root}/' -type f | wc -l").stdout
        self.assertEqual(int(found), 303)

    def test_find_visits_the_whole_mount_without_complaint(self):
        done = harness.run("find", self.mountpoint, "-ls")
        self.assertEqual(done.stderr, "")

    def test_copies_are_whole(self):
        for name, *command in (("cp", "cp", "-r"), ("rsync", "rsync", "-a")):
            with self.subTest(program=name):
                harness.run(*command, f"{self.root}/", self.folder / name)
                self.assert_same_tree(self.folder / name)
                # Read-only folders would outlive the test.
                harness.run("chmod", "-R", "u+w", self.folder / name)

    def test_second_rsync_has_nothing_to_do(self):
        harness.run("rsync", "-a", f"{self.root}/", self.folder / "copy")
        again = harness.run("rsync", "-ai", f"{self.root}/", self.folder / "copy").stdout
        self.assertEqual(again, "")
        harness.run("chmod", "-R", "u+w", self.folder / "copy")

    def test_tar_archives_the_tree(self):
        archive = self.folder / "a.tar"
        harness.run("tar", "cf", archive, "-C", self.root, ".")
        with tarfile.open(archive) as opened:
            opened.extractall(self.folder / "untarred")
        self.assert_same_tree(self.folder / "untarred")
        harness.run("chmod", "-R", "u+w", self.folder / "untarred")

    def test_grep_wc_and_md5sum_say_what_they_say_elsewhere(self):
        self.same_output("grep", "-r", "find me", ".")
        self.same_output("sh", "-c", "md5sum large.bin */file-00*")
        self.same_output("sh", "-c", "wc -c * 2>/dev/null | grep -v total")
        self.same_output("du", "--apparent-size", "-b", "large.bin")

    def test_dd_reads_anywhere(self):
        for options in (["bs=1M"], ["bs=4k", "skip=700", "count=9"], ["bs=777", "skip=1001"],
                        ["bs=128k", "iflag=direct"]):
            with self.subTest(options=options):
                output = [subprocess.run(["dd", f"if={folder}/large.bin", "status=none", *options],
                                         capture_output=True, check=True).stdout
                          for folder in (self.root, self.plain)]
                self.assertEqual(*[hashlib.sha256(bytes_read).digest() for bytes_read in output])

    def test_mapped_files_hold_the_same_bytes(self):
        self.same_output("git", "hash-object", "--no-filters", "large.bin", "readme.txt")
        piece = self.shard / "piece.car"
        for path, original in ((self.root / "large.bin", self.plain / "large.bin"),
                               (piece, self.folder / "a.car")):
            with open(path, "rb") as file, \
                    mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
                self.assertTrue(mapping[:] == original.read_bytes())

    @unittest.skipUnless(MMAP_READ, "DAGFS_MMAP_READ is not set")
    def test_mapping_shared_or_private_equals_reading(self):
        harness.run(MMAP_READ, self.root / "large.bin", self.plain / "large.bin")
        harness.run(MMAP_READ, self.shard / "piece.car", self.folder / "a.car")

    def test_a_hundred_processes_reading_at_once_get_right_bytes(self):
        names = ["large.bin", "folder 0/file-000", "folder 4/file-059", "readme.txt"]
        wanted = {name: harness.sha256(self.plain / name) for name in names}
        readers = [(name, subprocess.Popen(["sha256sum", self.root / name], text=True,
                                           stdout=subprocess.PIPE))
                   for name in names * 25]
        for name, reader in readers:
            output, _ = reader.communicate(timeout=harness.PATIENCE)
            self.assertEqual(output.split()[0].lstrip("\\"), wanted[name])

    def test_second_pass_agrees_with_the_first(self):
        comparison = filecmp.dircmp(self.root, self.plain)
        self.assertEqual((comparison.left_only, comparison.right_only), ([], []))
        for _ in range(2):
            _, mismatch, errors = filecmp.cmpfiles(
                self.root, self.plain, ["large.bin", "empty", "readme.txt"], shallow=False)
            self.assertEqual((mismatch, errors), ([], []))

    def test_disk_usage_of_the_mount_can_be_asked(self):
        usage = os.statvfs(self.mountpoint)
        self.assertEqual(usage.f_namemax, 255)
        self.assertGreater(usage.f_bsize, 0)
        harness.run("df", "-h", self.mountpoint)


class FirstLooks(harness.MountTest):
    def test_a_hundred_first_looks_at_one_shard_all_succeed(self):
        car = CarWriter(self.folder / "a.car")
        dag = Dag(car.put, chunk_size=256)
        car.close(dag.file(bytes(range(256)) * 4000)[0])
        shard, = self.mount(self.folder / "a.car")

        readers = [subprocess.Popen(["cat", shard / "root"], stdout=subprocess.PIPE)
                   for _ in range(100)]
        for reader in readers:
            output, _ = reader.communicate(timeout=harness.PATIENCE)
            self.assertTrue(output == bytes(range(256)) * 4000)


if __name__ == "__main__":
    harness.main()
