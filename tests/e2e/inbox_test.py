#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Whatever programs put into inbox/ becomes the shard that it should be."""

import json
import mmap
import os
import random
import shutil
import signal
import stat
import threading

import harness
from car_writer import RAW, CarWriter, cid_text, sha2_256_cid, write_tree_car

DATA_ERROR = 65  # sysexits.h
LARGE = random.Random(1).randbytes(5_000_000)


def make_tree(folder):
    """What people copy: names, sizes, modes and links of many kinds."""
    (folder / "sub/deeper").mkdir(parents=True)
    (folder / "empty folder").mkdir()
    (folder / "large").write_bytes(LARGE)
    (folder / "empty").write_bytes(b"")
    (folder / "sub/text").write_text("text\n")
    (folder / "sub/deeper/gr\u00fc\u00df dich").write_bytes(b"\0\1\2")
    os.symlink("../large", folder / "sub/link")
    os.symlink("nowhere", folder / "sub/dangling")
    os.chmod(folder / "sub/text", 0o600)
    for i in range(300):
        (folder / f"sub/deeper/{i:04}").write_bytes(b"%d" % i * i)


def described(top):
    """Every path below `top` with what UnixFS keeps of it."""
    found = {}
    for folder, _, _ in os.walk(top):
        for entry in os.scandir(folder):
            name = os.path.relpath(entry.path, top)
            if entry.is_symlink():
                found[name] = os.readlink(entry.path)
            elif entry.is_dir():
                found[name] = None
            else:
                with open(entry.path, "rb") as file:
                    found[name] = file.read()
    return found


class InboxTest(harness.MountTest):
    settle = "3600"  # Sealed when told to.

    def setUp(self):
        super().setUp()
        self.inbox = self.mountpoint / "inbox"
        self.mount(options=("--settle", self.settle))

    def seal(self, name):
        """The folder of the shard."""
        line = json.loads(self.dagfs("inbox", "seal", "--json", name).stdout)
        self.assertEqual(line["state"], "sealed", line)
        self.assertEqual(os.readlink(self.inbox / name), f"../shards/{line['key']}")
        return self.inbox / name

    def restart(self, how=signal.SIGTERM):
        self.stop(self.daemon, how)
        self.daemon = self.start("--settle", self.settle)

    def ingested(self, path):
        return json.loads(self.dagfs("ingest", "--json", path).stdout)


class Programs(InboxTest):
    def setUp(self):
        super().setUp()
        self.source = self.folder / "source"
        self.source.mkdir()
        make_tree(self.source)

    def check(self, name, inner=""):
        """What was copied to `name` is there before and after it is sealed."""
        wanted = described(self.source)
        self.assertEqual(described(self.inbox / name / inner), wanted)
        root = self.seal(name) / "root"
        self.assertEqual(described(root / inner), wanted)
        self.dagfs("shard", "verify", os.path.basename(os.readlink(self.inbox / name)))
        return root

    def root_cid(self, name):
        return os.getxattr(self.inbox / name / "root", "user.ipfs.cid").decode()

    def test_cp_recursive(self):
        harness.run("cp", "-r", self.source, self.inbox / "copy")
        self.check("copy")
        self.assertEqual(self.root_cid("copy"), self.ingested(self.source)["root"])

    def test_cp_archive(self):
        harness.run("cp", "-a", self.source, self.inbox / "copy")
        self.assertEqual(stat.S_IMODE(os.stat(self.inbox / "copy/sub/text").st_mode), 0o600)
        self.check("copy")
        self.assertEqual(self.root_cid("copy"), self.ingested(self.source)["root"])

    def test_rsync_twice(self):
        harness.run("rsync", "-a", f"{self.source}/", self.inbox / "copy")
        (self.source / "large").write_bytes(LARGE[::-1])
        (self.source / "sub/text").unlink()
        harness.run("rsync", "-a", "--delete", f"{self.source}/", self.inbox / "copy")
        self.check("copy")

    def test_tar(self):
        tar = self.folder / "a.tar"
        harness.run("tar", "-C", self.source, "-cf", tar, ".")
        (self.inbox / "copy").mkdir()
        harness.run("tar", "-C", self.inbox / "copy", "-xf", tar)
        self.check("copy")

    def test_unzip(self):
        if not shutil.which("zip") or not shutil.which("unzip"):
            self.skipTest("no zip or unzip here")
        archive = self.folder / "a.zip"
        harness.run("zip", "-qry", archive, ".", cwd=self.source)
        (self.inbox / "copy").mkdir()
        harness.run("unzip", "-q", archive, "-d", self.inbox / "copy")
        self.check("copy")

    def test_git_clone(self):
        git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", self.source)
        harness.run(*git, "init", "-q")
        harness.run(*git, "add", "-A")
        harness.run(*git, "commit", "-qm", "all")
        (self.source / "empty folder").rmdir()  # Git keeps none.
        harness.run("git", "clone", "-q", "--no-hardlinks", self.source, self.inbox / "copy")
        shutil.rmtree(self.source / ".git")
        wanted = described(self.source)
        self.assertEqual(set(wanted), {name for name in described(self.inbox / "copy")
                                       if name.split("/")[0] != ".git"})
        root = self.seal("copy") / "root"
        found = described(root)
        self.assertEqual({name: found[name] for name in wanted}, wanted)
        harness.run("git", "-C", root, "fsck", "--strict")

    def test_cp_of_one_file(self):
        harness.run("cp", self.source / "large", self.inbox / "file")
        self.assertEqual((self.inbox / "file").read_bytes(), LARGE)
        shard = self.seal("file")
        self.assertEqual((shard / "root").read_bytes(), LARGE)
        made = self.ingested(self.source / "large")
        self.assertEqual(made["key"], os.path.basename(os.readlink(self.inbox / "file")))
        self.assertEqual(made["root"], self.root_cid("file"))

    def test_dd(self):
        target = self.inbox / "file"
        harness.run("dd", f"if={self.source / 'large'}", f"of={target}", "bs=100001",
                    "conv=fsync")
        self.assertEqual((self.seal("file") / "root").read_bytes(), LARGE)

    def test_dd_into_the_middle(self):
        target = self.inbox / "file"
        harness.run("dd", f"if={self.source / 'large'}", f"of={target}", "bs=1M")
        harness.run("dd", "if=/dev/zero", f"of={target}", "bs=1000", "count=3", "seek=7",
                    "conv=notrunc")
        wanted = LARGE[:7000] + bytes(3000) + LARGE[10000:]
        self.assertEqual(target.read_bytes(), wanted)
        self.assertEqual((self.seal("file") / "root").read_bytes(), wanted)


class Files(InboxTest):
    def check(self, wanted, name="file"):
        self.assertTrue((self.inbox / name).read_bytes() == wanted)
        self.assertEqual(os.stat(self.inbox / name).st_size, len(wanted))
        self.assertTrue((self.seal(name) / "root").read_bytes() == wanted)

    def test_appended(self):
        (self.inbox / "file").write_bytes(LARGE)
        with open(self.inbox / "file", "ab") as file:
            file.write(b"more")
        self.check(LARGE + b"more")

    def test_with_holes(self):
        with open(self.inbox / "file", "wb") as file:
            file.seek(3_000_000)
            file.write(b"end")
        self.check(bytes(3_000_000) + b"end")

    def test_truncated_and_grown(self):
        (self.inbox / "file").write_bytes(LARGE)
        os.truncate(self.inbox / "file", 1_500_000)
        os.truncate(self.inbox / "file", 1_600_000)
        self.check(LARGE[:1_500_000] + bytes(100_000))

    def test_written_through_a_mapping(self):
        (self.inbox / "file").write_bytes(LARGE)
        with open(self.inbox / "file", "r+b") as file:
            with mmap.mmap(file.fileno(), 0) as mapping:
                mapping[1_000_000:1_000_007] = b"changed"
                mapping.flush()
        self.check(LARGE[:1_000_000] + b"changed" + LARGE[1_000_007:])

    def test_two_writers_each_in_a_half(self):
        half = len(LARGE) // 2
        (self.inbox / "file").write_bytes(b"")

        def write(part):
            with open(self.inbox / "file", "r+b", buffering=0) as file:
                for at in range(part * half, (part + 1) * half, 100_000):
                    file.seek(at)
                    file.write(LARGE[at:min(at + 100_000, (part + 1) * half)])
        writers = [threading.Thread(target=write, args=(part,)) for part in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        self.check(LARGE)

    def test_replaced_by_a_rename(self):
        (self.inbox / "file").write_bytes(b"old")
        (self.inbox / ".file.tmp").write_bytes(LARGE)
        os.rename(self.inbox / ".file.tmp", self.inbox / "file")
        self.check(LARGE)
        self.assertEqual(os.listdir(self.inbox), ["file"])

    def test_read_while_it_is_written(self):
        with open(self.inbox / "file", "wb", buffering=0) as file:
            file.write(LARGE[:2_345_678])
            self.assertTrue((self.inbox / "file").read_bytes() == LARGE[:2_345_678])
            file.write(LARGE[2_345_678:])
        self.check(LARGE)

    def test_sealed_by_the_attribute(self):
        (self.inbox / "file").write_bytes(LARGE)
        os.setxattr(self.inbox / "file", "user.dagfs.seal", b"")
        harness.wait_until(lambda: os.path.islink(self.inbox / "file"), "sealed")
        self.assertTrue((self.inbox / "file/root").read_bytes() == LARGE)

    def test_twins_are_one_shard_and_two_links(self):
        for name in ("one", "two"):
            (self.inbox / name).write_bytes(LARGE)
            self.seal(name)
        self.assertEqual(os.readlink(self.inbox / "one"), os.readlink(self.inbox / "two"))
        self.assertEqual(len(os.listdir(self.mountpoint / "shards")), 1)
        os.unlink(self.inbox / "one")
        self.assertEqual(os.listdir(self.inbox), ["two"])
        self.assertTrue((self.inbox / "two/root").read_bytes() == LARGE)

    def test_one_copy_on_the_disk(self):
        (self.inbox / "file").write_bytes(LARGE)
        self.assertLess(self.disk_usage(), len(LARGE) * 1.1)
        self.seal("file")
        self.assertLess(self.disk_usage(), len(LARGE) * 1.1)

    def disk_usage(self):
        return sum(os.lstat(os.path.join(folder, name)).st_blocks * 512
                   for folder, _, names in os.walk(self.repo) for name in names
                   if name != "reserve")

    def test_survives_kill_once_it_is_closed(self):
        (self.inbox / "file").write_bytes(LARGE)
        (self.inbox / "folder").mkdir()
        (self.inbox / "folder/file").write_bytes(LARGE)
        self.restart(signal.SIGKILL)
        self.assertTrue((self.inbox / "folder/file").read_bytes() == LARGE)
        self.check(LARGE)
        self.assertTrue((self.seal("folder") / "root/file").read_bytes() == LARGE)


class Refusals(InboxTest):
    def test_what_has_no_form_in_unixfs(self):
        (self.inbox / "file").write_bytes(b"x")
        (self.inbox / "folder").mkdir()
        (self.inbox / "folder/file").write_bytes(b"x")
        for call, *arguments in (
                (os.link, self.inbox / "file", self.inbox / "other"),
                (os.link, self.inbox / "folder/file", self.inbox / "folder/other"),
                (os.mkfifo, self.inbox / "fifo"), (os.mkfifo, self.inbox / "folder/fifo"),
                (os.mknod, self.inbox / "folder/device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))):
            with self.subTest(call=call.__name__):
                self.assertEqual(harness.error_of(call, *arguments), "EPERM")

    def test_changes_anywhere_else(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        self.register(self.folder / "a.car")
        root = self.mountpoint / "shards/a/root"
        (self.inbox / "file").write_bytes(b"x")
        for call, *arguments in (
                (os.mkdir, self.mountpoint / "n"), (os.mkdir, self.mountpoint / "shards/n"),
                (os.unlink, root / "f"), (os.truncate, root / "f", 0),
                (os.open, self.mountpoint / "shards/a/piece.car", os.O_RDWR),
                (os.rmdir, self.mountpoint / "shards/a"),
                (os.rmdir, self.inbox), (os.rename, self.inbox, self.mountpoint / "other")):
            with self.subTest(call=call.__name__):
                self.assertIn(harness.error_of(call, *arguments), ("EROFS", "EPERM"))
        self.assertIn(harness.error_of(os.rename, self.inbox / "file", root / "g"),
                      ("EROFS", "EXDEV"))

    def test_read_only_mount_has_no_inbox(self):
        self.stop(self.daemon)
        self.daemon = self.start("-o", "ro")
        self.assertEqual(sorted(os.listdir(self.mountpoint)), [".dagfs", "shards"])
        self.assertEqual(harness.error_of(os.mkdir, self.inbox), "EROFS")

    def test_what_is_sealed_cannot_be_changed(self):
        (self.inbox / "file").write_bytes(LARGE)
        self.seal("file")
        self.assertEqual(harness.error_of(os.open, self.inbox / "file/root", os.O_WRONLY), "EROFS")


class Cars(InboxTest):
    def test_taken_as_it_is(self):
        cid = write_tree_car(self.folder / "a.car", {b"f": LARGE})
        harness.run("cp", self.folder / "a.car", self.inbox)
        shard = self.seal("a.car")
        self.assertEqual(harness.sha256(shard / "piece.car"),
                         harness.sha256(self.folder / "a.car"))
        self.assertTrue((shard / "root/f").read_bytes() == LARGE)
        made = self.ingested(self.folder / "a.car")
        self.assertEqual(made["roots"], [cid_text(cid)])
        self.assertEqual(made["key"], os.path.basename(os.readlink(self.inbox / "a.car")))

    def test_commp_is_that_of_the_command(self):
        write_tree_car(self.folder / "a.car", {b"f": LARGE})
        made = self.ingested(self.folder / "a.car")
        lines = self.dagfs("commp", self.folder / "a.car").stdout.splitlines()
        self.assertEqual(lines[0], f"CID:  {made['commp']}")
        piece = self.mountpoint / "shards" / made["key"] / "piece.car"
        self.assertEqual(self.dagfs("commp", piece).stdout.splitlines()[0], lines[0])

    def test_broken_one_fails_with_the_offset_and_keeps_its_bytes(self):
        car = CarWriter(self.folder / "a.car", [sha2_256_cid(RAW, b"good")])
        car.section(sha2_256_cid(RAW, b"good"), b"good")
        car.section(sha2_256_cid(RAW, b"right"), b"wrong")
        car.close()
        content = (self.folder / "a.car").read_bytes()
        harness.run("cp", self.folder / "a.car", self.inbox)

        done = self.dagfs("inbox", "seal", "a.car", check=False)

        self.assertEqual(done.returncode, DATA_ERROR)
        self.assertRegex(done.stdout, r"failed\tfile\ta.car\t.*section at \d+")
        self.assertIn("section at", os.getxattr(self.inbox / "a.car", "user.dagfs.error").decode())
        self.assertEqual((self.inbox / "a.car").read_bytes(), content)
        self.assertEqual(os.listdir(self.mountpoint / "shards"), [])
        self.assertEqual(self.dagfs("inbox", "retry", "a.car", check=False).returncode,
                         DATA_ERROR)
        os.unlink(self.inbox / "a.car")
        self.assertEqual(os.listdir(self.inbox), [])


class Settling(InboxTest):
    settle = "0.2"

    def test_what_is_at_rest_becomes_a_shard_by_itself(self):
        (self.inbox / "file").write_bytes(LARGE)
        (self.inbox / "folder").mkdir()
        (self.inbox / "folder/file").write_bytes(LARGE)
        for name in ("file", "folder"):
            harness.wait_until(lambda path=self.inbox / name: os.path.islink(path), name)
        self.assertTrue((self.inbox / "folder/root/file").read_bytes() == LARGE)

    def test_what_is_open_does_not(self):
        with open(self.inbox / "file", "wb", buffering=0) as file:
            file.write(b"begin")
            (self.inbox / "other").write_bytes(b"x")
            harness.wait_until(lambda: os.path.islink(self.inbox / "other"), "other")
            self.assertFalse(os.path.islink(self.inbox / "file"))
            file.write(b" and end")
        harness.wait_until(lambda: os.path.islink(self.inbox / "file"), "file")
        self.assertEqual((self.inbox / "file/root").read_bytes(), b"begin and end")


class WithoutMount(harness.MountTest):
    def test_ingest_prints_key_root_and_sizes(self):
        make_tree(self.folder)
        lines = self.dagfs("ingest", self.folder / "sub").stdout.splitlines()
        told = dict(line.split(":", 1) for line in lines)
        self.assertEqual(set(told), {"Path", "Key", "Root", "CommP", "CommP v2", "CAR size",
                                     "Blocks", "Piece size"})
        key = told["Key"].strip()
        self.assertEqual(os.path.getsize(self.repo / f"pieces/{key}.car"),
                         int(told["CAR size"]))
        self.assertIn(key, self.dagfs("shard", "list").stdout)

    def test_profiles_give_other_roots(self):
        (self.folder / "file").write_bytes(LARGE)
        roots = [json.loads(self.dagfs("ingest", "--json", "--profile", name,
                                       self.folder / "file").stdout)["root"]
                 for name in ("unixfs-v1-2025", "unixfs-v0-2015", "lotus")]
        self.assertEqual(len(set(roots)), 3)
        self.assertTrue(roots[1].startswith("Qm"))

    def test_nothing_there(self):
        done = self.dagfs("ingest", self.folder / "nothing", check=False)
        self.assertEqual(done.returncode, 66)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertEqual(os.listdir(self.repo / "inbox"), [])


if __name__ == "__main__":
    harness.main()
