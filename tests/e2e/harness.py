# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the end-to-end tests share: a repo, a daemon, a mount, and their end.

Tests run the built program (DAGFS_PROGRAM) and look at it through the kernel.
Whatever happens in a test, nothing stays mounted and no daemon stays behind.
"""

import contextlib
import errno
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

PROGRAM = os.environ.get("DAGFS_PROGRAM", "")
# Sanitizers make everything several times slower.
PATIENCE = 120.0


def why_not_mountable():
    """Why nothing can be mounted here, or None."""
    if not PROGRAM:
        return "DAGFS_PROGRAM is not set"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"/dev/fuse: {error.strerror}"
    return None


def wait_until(condition, what):
    """Polls, as neither mounts nor ends of foreign processes can be waited for."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited in vain: {what}")
        time.sleep(0.005)


def run(*command, check=True, **options):
    """A program to its end; answers the finished process with text output."""
    options.setdefault("capture_output", True)
    options.setdefault("text", True)
    options.setdefault("timeout", PATIENCE)
    done = subprocess.run([str(part) for part in command], check=False,
                          stdin=subprocess.DEVNULL, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr}")
    return done


def is_mounted(path):
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        return any(line.split(" ")[4] == str(path) for line in mounts)


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def error_of(call, *arguments):
    """The name of the errno that a call fails with, or None."""
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


@unittest.skipIf(why_not_mountable(), why_not_mountable())
class MountTest(unittest.TestCase):
    """A fresh repo and mountpoint for each test."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dagfs-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.repo = self.folder / "repo"
        self.mountpoint = self.folder / "mnt"
        self.mountpoint.mkdir()
        self.daemons = []
        self.addCleanup(self._clear)
        self.dagfs("init")

    def _clear(self):
        for daemon in self.daemons:
            if daemon.poll() is None:
                daemon.kill()
            daemon.wait()
            daemon.stderr.close()
        while is_mounted(self.mountpoint):
            run("fusermount3", "-u", "-z", self.mountpoint)

    def dagfs(self, *arguments, **options):
        return run(PROGRAM, "--repo", self.repo, *arguments, **options)

    def register(self, *arguments):
        """The keys given."""
        return self.dagfs("register", *arguments).stdout.split()

    def start(self, *options, user=None):
        """A daemon in the foreground, mounted and usable."""
        command = [PROGRAM, "--repo", self.repo, "mount", self.mountpoint, "-f", *options]
        log = open(self.folder / f"log{len(self.daemons)}", "w+b")  # pylint: disable=R1732
        daemon = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL,
                                  stdout=log, stderr=log, user=user)
        daemon.stderr = log
        self.daemons.append(daemon)
        wait_until(lambda: self._usable() or daemon.poll() is not None, "mount")
        if daemon.poll() is not None:
            log.seek(0)
            self.fail(f"the daemon ended with {daemon.returncode}: {log.read().decode()}")
        return daemon

    def _usable(self):
        with contextlib.suppress(OSError):
            # Of a dead mount the kernel still knows attributes, but opens nothing.
            return is_mounted(self.mountpoint) and bool(os.listdir(self.mountpoint / ".dagfs"))
        return False

    def stop(self, daemon, how=signal.SIGTERM):
        """Ends the daemon and answers its exit code."""
        daemon.send_signal(how)
        return daemon.wait(PATIENCE)

    def mount(self, *cars, options=()):
        """Registers CARs and mounts; answers the folders of their shards."""
        keys = self.register(*cars) if cars else []
        self.daemon = self.start(*options)
        return [self.mountpoint / "shards" / key for key in keys]


SKIPPED = 77  # What ctest takes for "not run here".


def main():
    """Like unittest.main, but says so when no test could run."""
    result = unittest.main(exit=False).result
    if result.wasSuccessful() and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED)
    sys.exit(not result.wasSuccessful())
