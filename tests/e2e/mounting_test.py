#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""`dagfs mount` and `dagfs umount`: what they refuse, and how they end."""

import json
import os
import pathlib
import signal

import harness
from car_writer import write_tree_car

# sysexits.h
USAGE, NO_INPUT, TEMPORARY, NO_CONFIG = 64, 66, 75, 78


class Mounting(harness.MountTest):
    def fails(self, code, *arguments):
        """The one line on stderr of a command that must fail with `code`."""
        done = self.dagfs(*arguments, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def in_background(self):
        """The pid of a daemon that `dagfs mount` left behind."""
        self.dagfs("mount", self.mountpoint)
        status = (self.mountpoint / ".dagfs/status.json").read_text()
        return json.loads(status)["pid"]

    def gone(self, pid):
        """Whether a process has ended, be it that nobody has asked how yet."""
        try:
            status = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return True
        return status.rpartition(")")[2].split()[0] == "Z"

    def test_status_tells_where_it_is_mounted(self):
        self.mount()
        status = json.loads((self.mountpoint / ".dagfs/status.json").read_text())
        self.assertEqual(status["mountpoint"], str(self.mountpoint))
        self.assertEqual(status["repo"], str(self.repo))
        self.assertGreater(status["requests"], 0)

    def test_umount_returns_when_the_daemon_has_ended(self):
        pid = self.in_background()
        self.dagfs("umount", self.mountpoint)
        self.assertTrue(self.gone(pid))
        self.assertIn("unmounted", (self.repo / "dagfs.log").read_text())
        self.assertFalse((self.repo / "dagfs.sock").exists())

    def test_umount_of_a_mount_in_use_says_so(self):
        self.in_background()
        folder = os.open(self.mountpoint / "shards", os.O_RDONLY)
        try:
            self.assertIn("in use", self.fails(TEMPORARY, "umount", self.mountpoint))
            self.assertTrue(harness.is_mounted(self.mountpoint))
        finally:
            os.close(folder)
        self.dagfs("umount", self.mountpoint)

    def test_lazy_umount_does_not_wait_for_users(self):
        pid = self.in_background()
        folder = os.open(self.mountpoint / "shards", os.O_RDONLY)
        try:
            self.dagfs("umount", "-l", self.mountpoint)
            self.assertFalse(harness.is_mounted(self.mountpoint))
        finally:
            os.close(folder)
        harness.wait_until(lambda: self.gone(pid), "daemon's end")

    def test_umount_where_nothing_is_mounted_is_no_input(self):
        self.assertIn("nothing is mounted", self.fails(NO_INPUT, "umount", self.mountpoint))
        self.assertIn("not of dagfs", self.fails(USAGE, "umount", "/proc"))

    def test_umount_clears_what_a_killed_daemon_left(self):
        pid = self.in_background()
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: self.gone(pid), "daemon's end")
        self.dagfs("umount", self.mountpoint)
        self.assertFalse(harness.is_mounted(self.mountpoint))

    def test_commands_work_after_a_killed_daemon(self):
        pid = self.in_background()
        os.kill(pid, signal.SIGKILL)
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        self.assertEqual(self.register(self.folder / "a.car"), ["a"])
        self.assertTrue((self.repo / "dagfs.sock").exists())
        self.dagfs("mount", self.mountpoint)
        self.assertEqual(os.listdir(self.mountpoint / "shards"), ["a"])

    def test_second_mount_of_a_repo_names_the_first(self):
        pid = self.in_background()
        other = self.folder / "other"
        other.mkdir()
        line = self.fails(TEMPORARY, "mount", other)
        self.assertIn(str(pid), line)
        self.assertIn(str(self.mountpoint), line)

    def test_mountpoint_of_another_repo_is_taken(self):
        self.in_background()
        other = self.folder / "repo2"
        harness.run(harness.PROGRAM, "--repo", other, "init")
        done = harness.run(harness.PROGRAM, "--repo", other, "mount", self.mountpoint,
                           check=False)
        self.assertEqual(done.returncode, TEMPORARY)
        self.assertIn(str(self.repo), done.stderr)

    def test_wrong_options_are_named(self):
        self.assertIn("bogus", self.fails(USAGE, "mount", "-o", "ro,bogus", self.mountpoint))
        self.assertFalse(harness.is_mounted(self.mountpoint))

    def test_without_a_repo_nothing_is_mounted(self):
        nowhere = self.folder / "nowhere"
        done = harness.run(harness.PROGRAM, "--repo", nowhere, "mount", self.mountpoint,
                           check=False)
        self.assertEqual(done.returncode, NO_CONFIG)
        self.assertIn("dagfs init", done.stderr)
        self.assertFalse(nowhere.exists())

    def test_mountpoint_with_entries_must_be_asked_for(self):
        (self.mountpoint / "file").write_text("mine")
        self.assertIn("not empty", self.fails(USAGE, "mount", self.mountpoint))
        self.dagfs("mount", "-o", "nonempty", self.mountpoint)
        self.dagfs("umount", self.mountpoint)
        self.assertEqual((self.mountpoint / "file").read_text(), "mine")

    def test_mount_over_registered_files_is_refused(self):
        cars = self.folder / "cars"
        cars.mkdir()
        write_tree_car(cars / "a.car", {b"f": b"x"})
        self.register(cars / "a.car")
        self.assertIn("registered files",
                      self.fails(USAGE, "mount", "-o", "nonempty", cars))
        self.assertIn("repo", self.fails(USAGE, "mount", "-o", "nonempty", self.folder))

    def test_file_of_the_mount_itself_is_not_registered(self):
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        shard, = self.mount(self.folder / "a.car")
        self.assertIn("mount of this repo",
                      self.fails(NO_INPUT, "register", "--key", "b", shard / "piece.car"))

    def test_repo_with_a_long_path_is_served(self):
        repo = self.folder / ("l" * 120) / "repo"
        repo.parent.mkdir()
        program = [harness.PROGRAM, "--repo", repo]
        harness.run(*program, "init")
        harness.run(*program, "mount", self.mountpoint)
        write_tree_car(self.folder / "a.car", {b"f": b"x"})
        harness.run(*program, "register", self.folder / "a.car")
        self.assertEqual(os.listdir(self.mountpoint / "shards"), ["a"])
        harness.run(*program, "umount", self.mountpoint)


if __name__ == "__main__":
    harness.main()
