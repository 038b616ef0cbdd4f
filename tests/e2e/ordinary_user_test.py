#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Mounting needs no root where /dev/fuse is open to all.

Run by root, this gives itself a mount namespace with such a /dev/fuse, and
becomes nobody for the test.
"""

import os
import pwd
import subprocess
import sys

import harness
from car_writer import write_tree_car

INSIDE = "DAGFS_TEST_NAMESPACE"


class OrdinaryUser(harness.MountTest):
    def setUp(self):
        super().setUp()
        self.user = None
        if os.getuid() == 0:
            self.user = pwd.getpwnam("nobody")

    def as_user(self, *command, **options):
        if self.user:
            options.update(user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[])
        return harness.run(*command, **options)

    def test_mount_read_and_unmount_as_an_ordinary_user(self):
        write_tree_car(self.folder / "a.car", {b"f": b"mine"})
        self.dagfs("register", self.folder / "a.car")
        if self.user:
            harness.run("chown", "-R", f"{self.user.pw_uid}:{self.user.pw_gid}", self.folder)
        uid = self.user.pw_uid if self.user else os.getuid()

        self.as_user(harness.PROGRAM, "--repo", self.repo, "mount", self.mountpoint)
        self.addCleanup(harness.run, "umount", "-l", self.mountpoint, check=False)
        root = self.mountpoint / "shards/a/root"
        self.assertEqual(self.as_user("cat", root / "f").stdout, "mine")
        self.assertEqual(self.as_user("stat", "-c", "%u", root / "f").stdout.strip(), str(uid))
        piece = self.as_user("sha256sum", self.mountpoint / "shards/a/piece.car").stdout
        self.assertEqual(piece.split()[0], harness.sha256(self.folder / "a.car"))

        self.as_user(harness.PROGRAM, "--repo", self.repo, "umount", self.mountpoint)
        self.assertFalse(harness.is_mounted(self.mountpoint))


def enter_namespace():
    """Root only: starts this program again where /dev/fuse is open to all."""
    script = ('set -e; dev=$(mktemp -d); mount -t tmpfs -o dev tmpfs "$dev"; '
              'mknod -m 666 "$dev/fuse" c 10 229; mount --bind "$dev/fuse" /dev/fuse; '
              f'{INSIDE}=1 exec "$0" "$@"')
    return subprocess.run(["unshare", "--mount", "bash", "-c", script, *sys.argv],
                          check=False).returncode


if __name__ == "__main__":
    if os.getuid() == 0 and INSIDE not in os.environ and not harness.why_not_mountable():
        sys.exit(enter_namespace())
    harness.main()
