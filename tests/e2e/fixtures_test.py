#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Every foreign CAR, mounted, shows what independent readers say is in it."""

import base64
import csv
import gzip
import hashlib
import json
import os
import pathlib
import stat
import unittest
import urllib.parse

import harness

FOLDER = pathlib.Path(os.environ.get("DAGFS_FIXTURES") or
                      harness.HERE.parent.parent.parent / "shared/fixtures").resolve()
READ_MAX = 64 << 20    # A made file claims 10 GiB; reading it adds nothing.
TARGET_MAX = 4095      # The kernel has no longer symbolic links.
# Directories that contradict themselves; readers agree on no answer.
ODD_NOTES = ("bad fanout", "misplaced", "shard link to directory")
# Files of which readers skip a part, or give up on; reading them is an error here.
BROKEN_FILE_NOTES = ("directory under file", "INCONSISTENT depth")


def inventory():
    with open(FOLDER / "INVENTORY.tsv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def expected(name, kind):
    """(heading, rows) of expected/NAME.KIND.tsv, or None."""
    path = FOLDER / "expected" / f"{name}.{kind}.tsv"
    opener = open
    if not path.exists():
        path, opener = path.with_name(path.name + ".gz"), gzip.open
    if not path.exists():
        return None
    heading, rows = {}, []
    with opener(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            cells = line.rstrip("\n").split("\t")
            if line.startswith("# "):
                heading[cells[0][2:]] = cells[1:]
            else:
                rows.append(cells)
    return heading, rows


def raw_name(component):
    return urllib.parse.unquote_to_bytes(component)


def decoded(cid):
    """The bytes of a CIDv1 in base32."""
    return base64.b32decode(cid[1:].upper() + "=" * (-(len(cid) - 1) % 8))


def is_posix(name):
    return name not in (b"", b".", b"..") and not set(name) & set(b"/\0") and len(name) <= 255


def listed(folder):
    """(names, whether the listing ended with an error)."""
    names = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
    except OSError:
        return names, True
    return names, False


def attribute(path, name):
    return os.getxattr(path, name, follow_symlinks=False)


class Tree:
    """One row after the other of a tree, compared with what is mounted."""

    def __init__(self, test, shard, roots, rows):
        self.test = test
        self.rows = rows
        self.paths = {f"root{i}": os.fsencode(shard / "roots" / cid)
                      for i, cid in enumerate(roots)}
        self.children = {}
        for row in rows:
            parent, _, name = row[0].rpartition("/")
            self.children.setdefault(parent, set()).add(raw_name(name))

    def path_of(self, logical):
        """Where the mount shows a path of the table; asks it for escaped names."""
        if logical not in self.paths:
            parent, _, component = logical.rpartition("/")
            folder, name = self.path_of(parent), raw_name(component)
            self.paths[logical] = folder + b"/" + (
                name if is_posix(name) else self.shown_name(folder, name))
        return self.paths[logical]

    @staticmethod
    def shown_name(folder, name):
        for shown in os.listdir(folder):
            try:
                if attribute(folder + b"/" + shown, "user.dagfs.name") == name:
                    return shown
            except OSError:
                continue
        raise AssertionError(f"{name!r} is not shown in {folder!r}")

    def check(self):
        for row in self.rows:
            logical, kind, size, digest, mode, mtime, cid, note = row
            with self.test.subTest(path=logical, kind=kind):
                path = self.path_of(logical)
                status = os.lstat(path)
                # The kernel lets nobody have user.* on a symbolic link.
                key = "ipfs.cid" if stat.S_ISLNK(status.st_mode) else "user.ipfs.cid"
                self.test.assertEqual(attribute(path, key).decode(), cid)
                if mode != "-":
                    self.test.assertEqual(stat.S_IMODE(status.st_mode), int(mode, 8) & 0o7777)
                if mtime != "-":
                    self.test.assertEqual(int(status.st_mtime // 1), int(float(mtime) // 1))
                name = {"hamt": "dir", "corrupt": "missing", "dag_json": "dag_cbor"}.get(
                    kind.replace("-", "_"), kind.replace("-", "_"))
                checker = getattr(self, f"check_{name}", self.check_file)
                checker(path, status, row)

    def check_file(self, path, status, row):
        self.test.assertTrue(stat.S_ISREG(status.st_mode))
        if any(broken in row[7] for broken in BROKEN_FILE_NOTES):
            self.test.assertEqual(harness.error_of(harness.sha256, path), "EIO")
            return
        self.test.assertEqual(status.st_size, int(row[2]))
        if status.st_size <= READ_MAX:
            self.test.assertEqual(harness.sha256(path), row[3])

    def check_file_incomplete(self, path, status, row):
        self.test.assertEqual(status.st_size, int(row[2]))
        self.test.assertEqual(harness.error_of(harness.sha256, path), "EIO")

    def check_dir(self, path, status, row):
        self.test.assertTrue(stat.S_ISDIR(status.st_mode))
        if any(odd in row[7] for odd in ODD_NOTES):
            return
        names, failed = listed(path)
        wanted = self.children.get(row[0], set())
        self.test.assertEqual(failed, "missing shard" in row[7])
        self.test.assertEqual(len(names), len(set(names)))
        self.test.assertEqual({name if name in wanted else self.real_name(path, name)
                               for name in names}, wanted)

    @staticmethod
    def real_name(folder, shown):
        try:
            return attribute(folder + b"/" + shown, "user.dagfs.name")
        except OSError:
            return shown

    def check_symlink(self, path, status, row):
        self.test.assertTrue(stat.S_ISLNK(status.st_mode))
        self.test.assertEqual(status.st_size, int(row[2]))
        if status.st_size <= TARGET_MAX:
            self.test.assertEqual(hashlib.sha256(os.readlink(path)).hexdigest(), row[3])

    def check_missing(self, path, status, row):
        self.test.assertTrue(stat.S_ISREG(status.st_mode))
        self.test.assertEqual(harness.error_of(harness.sha256, path), "EIO")
        self.test.assertIn(row[6], attribute(path, "user.dagfs.error").decode())

    def check_dag_cbor(self, path, status, row):
        if "decode error" in row[7]:
            self.check_file(path, status, row)
        elif stat.S_ISDIR(status.st_mode):
            with open(path + b"/.node.json", "rb") as file:
                json.loads(file.read().decode(errors="replace"))
        else:
            with open(path, "rb") as file:
                json.loads(file.read().decode(errors="replace"))

    def check_dag_pb(self, path, status, row):
        if row[7].startswith("not UnixFS"):
            self.test.assertTrue(stat.S_ISDIR(status.st_mode))
            with open(path + b"/.node.json", "rb") as file:
                json.loads(file.read())


@unittest.skipUnless((FOLDER / "INVENTORY.tsv").exists(), f"no fixtures in {FOLDER}")
class Fixtures(harness.MountTest):
    """All of them in one dagstore."""

    def setUp(self):
        super().setUp()
        self.inventory = inventory()
        self.mount(*(FOLDER / row["dir"] / f"{row['name']}.car" for row in self.inventory))

    def shard(self, row):
        return self.mountpoint / "shards" / row["name"]

    @staticmethod
    def is_readable(row):
        """A piece may end with zeros, so what strict readers refuse there is fine."""
        return row["valid"] in ("ok", "ok-bad-hash") or "zero-length section" in row["status"]

    def test_all_are_registered(self):
        self.assertEqual(set(os.listdir(self.mountpoint / "shards")),
                         {row["name"] for row in self.inventory})

    def test_trees_are_those_of_independent_readers(self):
        for row in filter(self.is_readable, self.inventory):
            tree = expected(row["name"], "tree")
            if tree is None:
                continue
            heading, rows = tree
            with self.subTest(car=row["name"]):
                roots = heading["roots"][1:]
                self.assertEqual(set(os.listdir(self.shard(row) / "roots")), set(roots))
                Tree(self, self.shard(row), roots, rows).check()

    def test_blocks_are_those_of_independent_readers(self):
        for row in filter(self.is_readable, self.inventory):
            _, sections = expected(row["name"], "blocks")
            with self.subTest(car=row["name"]):
                self.check_blocks(row, sections)

    def check_blocks(self, row, sections):
        folder = self.shard(row) / "blocks"
        piece = (FOLDER / row["dir"] / f"{row['name']}.car").read_bytes()
        self.assertEqual(set(os.listdir(folder)), {section[5] for section in sections})
        good = {}
        for _, _, _, offset, size, cid, _, _, function, digest_size, verify in sections:
            good.setdefault(cid, [])
            if function == "identity":  # The CID is the block, whatever its section holds.
                good[cid].append(decoded(cid)[-int(digest_size):] if int(digest_size) else b"")
            elif verify.startswith("ok"):
                good[cid].append(piece[int(offset):int(offset) + int(size)])
        for cid, blocks in good.items():
            try:
                found = (folder / cid).read_bytes()
            except OSError:
                self.assertEqual(blocks, [], cid)
                continue
            self.assertIn(found, blocks, cid)

    def test_malformed_ones_are_errors_and_nothing_else(self):
        for row in self.inventory:
            if self.is_readable(row) or row["valid"] != "error":
                continue
            with self.subTest(car=row["name"]):
                shard = self.shard(row)
                self.assertEqual(harness.error_of(os.listdir, shard / "roots"), "EIO")
                self.assertEqual(harness.error_of(os.listdir, shard / "blocks"), "EIO")
                self.assertTrue(attribute(shard, "user.dagfs.error"))
                about = json.loads((shard / "shard.json").read_text())
                self.assertEqual(about["state"], "ShardStateErrored")
                self.assertTrue(about["error"])
                piece = FOLDER / row["dir"] / f"{row['name']}.car"
                self.assertEqual((shard / "piece.car").read_bytes(), piece.read_bytes())

    def test_daemon_ends_well_after_all_of_them(self):
        for row in self.inventory:
            listed(self.shard(row) / "roots")
        self.assertEqual(self.stop(self.daemon), 0)


if __name__ == "__main__":
    harness.main()
