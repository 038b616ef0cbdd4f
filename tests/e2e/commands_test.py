#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Commands mean the same whether a mount runs or not, and say what went wrong."""

import json
import os

import harness
from car_writer import RAW, cid_text, sha2_256_cid, write_tree_car

# sysexits.h
USAGE, DATA_ERROR, NO_INPUT = 64, 65, 66


class BothWays(harness.MountTest):
    """Each test runs with a daemon; WithoutDaemon runs them again without."""

    with_daemon = True

    def setUp(self):
        super().setUp()
        write_tree_car(self.folder / "a.car", {b"f": b"x" * 1000})
        write_tree_car(self.folder / "b.car", {b"g": b"y"})
        (self.folder / "junk.car").write_bytes(b"no CAR")
        if self.with_daemon:
            self.mount()

    def listed(self):
        lines = self.dagfs("shard", "list", "--json").stdout.splitlines()
        return [json.loads(line)["key"] for line in lines]

    def fails(self, code, *arguments):
        """The one line on stderr of a command that must fail with `code`."""
        done = self.dagfs(*arguments, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_registered_shards_are_listed(self):
        self.assertEqual(self.register(self.folder / "a.car", self.folder / "b.car"), ["a", "b"])
        self.assertEqual(self.listed(), ["a", "b"])

    def test_chosen_key_is_used(self):
        self.assertEqual(self.register("--key", "mine", self.folder / "a.car"), ["mine"])

    def test_eager_registration_indexes_at_once(self):
        self.register("--eager", self.folder / "a.car")
        self.assertIn("ShardStateAvailable", self.dagfs("shard", "info", "a").stdout)

    def test_taken_key_registers_nothing(self):
        self.register(self.folder / "a.car")
        self.assertIn("a", self.fails(USAGE, "register", self.folder / "b.car",
                                      self.folder / "a.car"))
        self.assertEqual(self.listed(), ["a"])

    def test_missing_file_is_named(self):
        self.assertIn("none.car", self.fails(NO_INPUT, "register", self.folder / "none.car"))
        self.assertEqual(self.listed(), [])

    def test_verify_finds_the_bad_block(self):
        self.register(self.folder / "a.car")
        self.dagfs("shard", "verify", "a")
        raw = bytearray((self.folder / "a.car").read_bytes())
        raw[raw.index(b"xxxx") + 5] ^= 1
        (self.folder / "a.car").write_bytes(raw)
        done = self.dagfs("shard", "verify", "a", check=False)
        self.assertEqual(done.returncode, DATA_ERROR)
        self.assertIn("bafkrei", done.stdout + done.stderr)

    def test_destroyed_shard_is_gone_and_its_file_stays(self):
        self.register(self.folder / "a.car")
        self.dagfs("shard", "destroy", "a")
        self.assertEqual(self.listed(), [])
        self.assertTrue((self.folder / "a.car").exists())
        self.fails(NO_INPUT, "shard", "info", "a")

    def test_wrong_option_is_a_usage_error(self):
        self.assertEqual(self.dagfs("shard", "list", "--nonsense", check=False).returncode, USAGE)
        self.assertEqual(self.dagfs("no-such-command", check=False).returncode, USAGE)


class WithoutDaemon(BothWays):
    with_daemon = False


class WhileMounted(harness.MountTest):
    def test_new_shard_shows_up_and_destroyed_one_goes(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        self.mount()
        self.assertEqual(os.listdir(self.mountpoint / "shards"), [])

        self.register(self.folder / "a.car")
        self.assertEqual((self.mountpoint / "shards/a/root/f").read_bytes(), b"x")
        self.dagfs("shard", "destroy", "a")
        self.assertEqual(os.listdir(self.mountpoint / "shards"), [])
        # The kernel may believe in the name for a second more.
        harness.wait_until(lambda: not (self.mountpoint / "shards/a").exists(), "end of a name")

    def test_mount_in_the_background_is_usable_when_it_returns(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        self.register(self.folder / "a.car")
        self.dagfs("mount", self.mountpoint)
        self.assertEqual((self.mountpoint / "shards/a/root/f").read_bytes(), b"x")
        self.dagfs("umount", self.mountpoint)
        self.assertFalse(harness.is_mounted(self.mountpoint))

    def test_second_daemon_on_the_same_repo_is_refused(self):
        self.mount()
        other = self.folder / "other"
        other.mkdir()
        done = self.dagfs("mount", other, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertFalse(harness.is_mounted(other))

    def test_mounting_over_its_own_repo_is_refused(self):
        self.assertEqual(self.dagfs("mount", self.repo, check=False).returncode, USAGE)
        self.assertFalse(harness.is_mounted(self.repo))

    def test_mountpoint_that_is_not_there_is_named(self):
        done = self.dagfs("mount", self.folder / "nowhere", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nowhere", done.stderr)

    def test_owner_can_be_chosen(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        shard, = self.mount(self.folder / "a.car", options=("-o", "uid=1234,gid=4321"))
        status = os.stat(shard / "root/f")
        self.assertEqual((status.st_uid, status.st_gid), (1234, 4321))

    def test_control_files_speak_of_the_daemon(self):
        self.mount()
        folder = self.mountpoint / ".dagfs"
        self.assertTrue((folder / "version").read_text().strip())
        status = json.loads((folder / "status.json").read_text())
        self.assertEqual(status["pid"], self.daemon.pid)


class CarCommands(harness.MountTest):
    """`dagfs car` needs no repo."""

    def car(self, *arguments, **options):
        return harness.run(harness.PROGRAM, "car", *arguments, **options)

    def test_listing_shows_path_cid_and_size(self):
        write_tree_car(self.folder / "a.car", {b"dir": {b"f": b"x" * 1234}})
        listing = self.car("ls", "-R", self.folder / "a.car").stdout
        self.assertIn("dir/f", listing)
        self.assertIn("1234", listing)
        self.assertIn(cid_text(sha2_256_cid(RAW, b"x" * 1234)), listing)

    def test_extracted_tree_is_the_one_packed(self):
        write_tree_car(self.folder / "a.car", {b"dir": {b"f": b"x" * 1234}, b"e": b""})
        self.car("extract", self.folder / "a.car", "-o", self.folder / "out")
        found = {path.name: path.read_bytes() for path in (self.folder / "out").rglob("*")
                 if path.is_file()}
        self.assertEqual(found, {"f": b"x" * 1234, "e": b""})

    def test_verify_names_file_and_offset_of_a_bad_section(self):
        car = self.folder / "a.car"
        write_tree_car(car, {b"f": b"x"})
        with open(car, "ab") as file:
            file.write(b"\xff\x01cut short")
        done = self.car("verify", car, check=False)
        self.assertEqual(done.returncode, DATA_ERROR)
        self.assertIn("a.car", done.stderr)
        self.assertIn(str(car.stat().st_size - 11), done.stderr)

    def test_missing_file_is_no_input(self):
        self.assertEqual(self.car("ls", "/nonexistent.car", check=False).returncode, NO_INPUT)


if __name__ == "__main__":
    harness.main()
