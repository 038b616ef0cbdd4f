#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is inside a shard can be listed, read and asked about."""

import json
import os
import random
import stat
import subprocess

import harness
from car_writer import (DAG_CBOR, RAW, CarWriter, Dag, Link, cid_text, dag_cbor, identity_cid,
                        sha2_256_cid, write_tree_car)

LONG = random.Random(1).randbytes(1_280_000)  # Several blocks at the chunk size used here.


class Trees(harness.MountTest):
    def shard_of(self, content, **options):
        car = self.folder / "tree.car"
        write_tree_car(car, content, chunk_size=1 << 16, **options)
        return self.mount(car)[0]

    def test_tree_has_the_names_and_bytes_that_went_in(self):
        root = self.shard_of({b"a": b"alpha", b"dir": {b"long": LONG, b"none": b""}}) / "root"

        self.assertEqual(sorted(os.listdir(root)), ["a", "dir"])
        self.assertEqual(sorted(os.listdir(root / "dir")), ["long", "none"])
        self.assertEqual((root / "a").read_bytes(), b"alpha")
        self.assertEqual((root / "dir/long").read_bytes(), LONG)
        self.assertEqual((root / "dir/long").stat().st_size, len(LONG))
        self.assertEqual((root / "dir/none").read_bytes(), b"")

    def test_any_range_of_a_long_file_is_right(self):
        root = self.shard_of(LONG, fan_out=3) / "root"

        with open(root, "rb", buffering=0) as file:
            for offset in (0, 1, 65535, 65536, 65537, 700_001, len(LONG) - 1, len(LONG)):
                for size in (1, 4096, 65536, 200_000):
                    file.seek(offset)
                    self.assertEqual(file.read(size), LONG[offset:offset + size])

    def test_name_of_any_bytes_is_there(self):
        names = ["é".encode(), b"\xff\xfe", b"with space", b"%41", b"new\nline", b"x" * 255]
        root = self.shard_of({name: name for name in names}) / "root"

        folder = os.fsencode(root)
        self.assertEqual(sorted(os.listdir(folder)), sorted(names))
        for name in names:
            with open(folder + b"/" + name, "rb") as file:
                self.assertEqual(file.read(), name)

    def test_name_that_posix_cannot_hold_is_escaped(self):
        root = self.shard_of({b"a/b": b"slash", b"..": b"dots", b"plain": b""}) / "root"

        shown = {os.getxattr(root / name, "user.dagfs.name"): name
                 for name in os.listdir(root) if name != "plain"}
        self.assertEqual(set(shown), {b"a/b", b".."})
        self.assertEqual((root / shown[b"a/b"]).read_bytes(), b"slash")
        self.assertEqual((root / shown[b".."]).read_bytes(), b"dots")

    def test_wide_directory_lists_each_entry_once(self):
        names = [b"entry-%06d" % i for i in range(20_000)]
        car = CarWriter(self.folder / "wide.car")
        dag = Dag(car.put)
        leaf = dag.file(b"same")
        car.close(dag.directory(dict.fromkeys(names, leaf))[0])
        root = self.mount(self.folder / "wide.car")[0] / "root"

        self.assertEqual(sorted(os.listdir(os.fsencode(root))), names)
        self.assertEqual((root / "entry-012345").read_bytes(), b"same")
        self.assertFalse((root / "entry-020000").exists())


class Attributes(harness.MountTest):
    def test_mode_mtime_owner_and_symlink_are_shown(self):
        car = CarWriter(self.folder / "a.car")
        dag = Dag(car.put)
        car.close(dag.directory({
            b"plain": dag.file(b"x"),
            b"set": dag.file(b"y", mode=0o640, mtime=1_600_000_000),
            b"link": dag.symlink(b"set"),
        }, mode=0o750)[0])
        root = self.mount(self.folder / "a.car")[0] / "root"

        plain, chosen = os.lstat(root / "plain"), os.lstat(root / "set")
        self.assertEqual(stat.S_IMODE(plain.st_mode), 0o444)
        self.assertEqual(stat.S_IMODE(chosen.st_mode), 0o640)
        self.assertEqual(chosen.st_mtime, 1_600_000_000)
        self.assertEqual((plain.st_uid, plain.st_gid), (os.getuid(), os.getgid()))
        self.assertEqual(plain.st_blocks, 1)
        self.assertEqual(os.readlink(root / "link"), "set")
        self.assertEqual((root / "link").read_bytes(), b"y")
        self.assertEqual(stat.S_IMODE(os.stat(root).st_mode), 0o750)

    def test_every_change_is_refused_as_read_only(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        root = self.mount(self.folder / "a.car")[0] / "root"

        for call, *arguments in (
                (os.open, root / "f", os.O_WRONLY), (os.open, root / "n", os.O_CREAT | os.O_RDWR),
                (os.unlink, root / "f"), (os.mkdir, root / "n"), (os.rename, root / "f", root / "g"),
                (os.truncate, root / "f", 0), (os.symlink, "x", root / "n"),
                (os.setxattr, root / "f", "user.x", b"y"), (os.utime, root / "f")):
            with self.subTest(call=call.__name__):
                self.assertEqual(harness.error_of(call, *arguments), "EROFS")

    def test_cid_is_an_extended_attribute(self):
        cid = write_tree_car(self.folder / "a.car", b"content")
        shard, = self.mount(self.folder / "a.car")

        self.assertEqual(os.getxattr(shard / "root", "user.ipfs.cid").decode(), cid_text(cid))
        self.assertIn("user.ipfs.cid", os.listxattr(shard / "root"))
        self.assertEqual(harness.error_of(os.getxattr, shard / "root", "user.nothing"), "ENODATA")


class Shards(harness.MountTest):
    def test_raw_files_are_those_of_the_piece(self):
        car = self.folder / "a.car"
        cid = write_tree_car(car, {b"f": LONG})
        shard, = self.mount(car)

        self.assertEqual((shard / "piece.car").read_bytes(), car.read_bytes())
        index = (shard / "index.idx").read_bytes()
        self.assertEqual(index[:2], b"\x81\x08")
        self.assertEqual(len(index), (shard / "index.idx").stat().st_size)
        about = json.loads((shard / "shard.json").read_text())
        self.assertIn(cid_text(cid), json.dumps(about))
        self.assertEqual(os.readlink(shard / "root"), f"roots/{cid_text(cid)}")

    def test_blocks_are_raw_bytes_under_their_cid(self):
        car = CarWriter(self.folder / "a.car", [])
        blocks = {cid_text(sha2_256_cid(RAW, block)): block for block in (b"", b"one", b"two" * 999)}
        for block in blocks.values():
            car.put(sha2_256_cid(RAW, block), block)
        inline = identity_cid(RAW, b"inline")
        car.put(inline, b"inline")
        blocks[cid_text(inline)] = b"inline"
        car.close()
        shard, = self.mount(self.folder / "a.car")

        self.assertEqual(sorted(os.listdir(shard / "blocks")), sorted(blocks))
        for name, block in blocks.items():
            self.assertEqual((shard / "blocks" / name).read_bytes(), block)
        self.assertEqual(os.listdir(shard / "roots"), [])
        self.assertFalse(os.path.lexists(shard / "root"))

    def test_several_roots_are_listed_and_none_is_the_root(self):
        car_path = self.folder / "a.car"
        contents = (b"first", b"second")
        cids = [sha2_256_cid(RAW, content) for content in contents]
        car = CarWriter(car_path, cids)
        for cid, content in zip(cids, contents):
            car.put(cid, content)
        car.close()
        shard, = self.mount(car_path)

        self.assertEqual(sorted(os.listdir(shard / "roots")), sorted(map(cid_text, cids)))
        self.assertEqual((shard / "roots" / cid_text(cids[1])).read_bytes(), b"second")
        self.assertFalse(os.path.lexists(shard / "root"))

    def test_zeros_after_the_data_are_padding(self):
        car = self.folder / "a.car"
        write_tree_car(car, {b"f": b"x"})
        with open(car, "ab") as file:
            file.write(bytes(5000))
        shard, = self.mount(car)

        self.assertEqual((shard / "root/f").read_bytes(), b"x")

    def test_listing_shards_touches_no_piece(self):
        write_tree_car(self.folder / "a.car", b"x")
        shard, = self.mount(self.folder / "a.car")
        self.assertEqual(os.listdir(shard.parent), ["a"])
        os.lstat(shard)
        self.assertIn("ShardStateNew", self.dagfs("shard", "info", "a").stdout)

        os.listdir(shard / "roots")
        self.assertNotIn("ShardStateNew", self.dagfs("shard", "info", "a").stdout)


class Ipld(harness.MountTest):
    def test_map_is_a_directory_and_link_leads_on(self):
        car = CarWriter(self.folder / "a.car")
        dag = Dag(car.put)
        target, _ = dag.file(b"target")
        car.close(dag.block(DAG_CBOR, dag_cbor({
            "number": 7, "text": "seven", "list": [1, {"deep": True}], "to": Link(target)}))[0])
        root = self.mount(self.folder / "a.car")[0] / "root"

        self.assertEqual(sorted(os.listdir(root)), [".node.json", "list", "number", "text", "to"])
        self.assertEqual(json.loads((root / "number").read_text()), 7)
        self.assertEqual(json.loads((root / "text").read_text()), "seven")
        self.assertEqual(sorted(os.listdir(root / "list")), [".node.json", "0", "1"])
        self.assertEqual(json.loads((root / "list/1/deep").read_text()), True)
        self.assertEqual((root / "to").read_bytes(), b"target")
        self.assertEqual(json.loads((root / ".node.json").read_text()),
                         {"number": 7, "text": "seven", "list": [1, {"deep": True}],
                          "to": {"/": cid_text(target)}})


class Damage(harness.MountTest):
    def damaged(self, spoil):
        """A CAR of two files with the block of one spoiled; its shard."""
        car = CarWriter(self.folder / "a.car")
        good, bad = b"good" * 100, b"bad!" * 100
        cids = {content: sha2_256_cid(RAW, content) for content in (good, bad)}
        car.put(cids[good], good)
        spoil(car, cids[bad], bad)
        dag = Dag(car.put)
        car.close(dag.directory({b"good": (cids[good], 400), b"bad": (cids[bad], 400)})[0])
        self.bad_cid = cid_text(cids[bad])
        return self.mount(self.folder / "a.car")[0]

    def check_around(self, shard):
        self.assertEqual(sorted(os.listdir(shard / "root")), ["bad", "good"])
        self.assertEqual((shard / "root/good").read_bytes(), b"good" * 100)
        for path in (shard / "root/bad", shard / "blocks" / self.bad_cid):
            if os.path.lexists(path):
                self.assertEqual(harness.error_of(path.read_bytes), "EIO")
                # A page that was cached by the first try would show now.
                self.assertEqual(harness.error_of(path.read_bytes), "EIO")
        self.assertIn(self.bad_cid, os.getxattr(shard / "root/bad", "user.dagfs.error").decode())

    def test_missing_block_is_an_error_of_its_file_alone(self):
        self.check_around(self.damaged(lambda car, cid, block: None))

    def test_block_with_wrong_bytes_is_never_shown(self):
        self.check_around(self.damaged(lambda car, cid, block: car.section(cid, block[::-1])))

    def test_one_wrong_leaf_leaves_the_others_readable(self):
        path = self.folder / "long.car"
        write_tree_car(path, LONG, chunk_size=1 << 16)
        leaf = LONG[5 << 16:6 << 16]
        raw = bytearray(path.read_bytes())
        place = raw.index(sha2_256_cid(RAW, leaf)) + 36
        raw[place + 100] ^= 1
        path.write_bytes(raw)
        root = self.mount(path)[0] / "root"

        with open(root, "rb", buffering=0) as file:
            self.assertEqual(os.pread(file.fileno(), 4 << 16, 0), LONG[:4 << 16])
            self.assertEqual(harness.error_of(os.pread, file.fileno(), 4096, 5 << 16), "EIO")
            self.assertEqual(os.pread(file.fileno(), 1 << 16, 8 << 16), LONG[8 << 16:9 << 16])
        self.assertEqual(harness.error_of(root.read_bytes), "EIO")

    def test_what_is_no_car_is_an_error_and_others_serve_on(self):
        (self.folder / "junk.car").write_bytes(b"this is no CAR at all")
        write_tree_car(self.folder / "fine.car", b"fine")
        junk, fine = self.mount(self.folder / "junk.car", self.folder / "fine.car")

        self.assertEqual(harness.error_of(os.listdir, junk / "roots"), "EIO")
        self.assertEqual((junk / "piece.car").read_bytes(), b"this is no CAR at all")
        self.assertTrue(os.getxattr(junk, "user.dagfs.error"))
        self.assertEqual(json.loads((junk / "shard.json").read_text())["state"],
                         "ShardStateErrored")
        self.assertEqual((fine / "root").read_bytes(), b"fine")
        # The listing of all shards goes on past the bad one.
        listing = subprocess.run(["ls", "-lR", self.mountpoint / "shards"], check=False,
                                 capture_output=True)
        self.assertIn(b"fine", listing.stdout)


if __name__ == "__main__":
    harness.main()
