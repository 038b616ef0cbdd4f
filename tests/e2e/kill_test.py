#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""kill -9 of the daemon at random moments while things are put into inbox/.

Half of the times are random moments, the others random steps: the daemon is
told at which of its kill points to die (docs/formats/inbox.md). After each
restart every submission has to be sealed and right, or there with every byte
that had been closed or synced, or failed with its bytes.

DAGFS_KILLS is how many times in all, DAGFS_KILL_SEED which.
"""

import contextlib
import errno
import os
import pathlib
import random
import signal
import subprocess
import threading

import harness
from car_writer import RAW, CarWriter, sha2_256_cid

KILLS = int(os.environ.get("DAGFS_KILLS", "210"))
SEED = int(os.environ.get("DAGFS_KILL_SEED", "1"))
ROUNDS_BETWEEN_SWEEPS = 15
SIZE_MAX = 3_000_000
STEPS_MAX = 60  # About as many as a round has.
PATTERN = random.Random(5).randbytes(SIZE_MAX + 65_536)


class Submission:
    """What a program has put there, and of that, what it was told is kept."""

    def __init__(self, name):
        self.names = {name}  # More than one while it is being renamed.
        self.is_promised = False  # It has to be there.
        self.may_be_gone = False
        self.may_be_sealed = False

    def check(self, test, path):
        raise NotImplementedError


class File(Submission):
    """Written from front to back, or anywhere."""

    def __init__(self, name):
        super().__init__(name)
        self.kept = b""
        self.tried = []  # (offset, bytes) since then.
        self.content = bytearray()

    def write(self, file, offset, data):
        if not data:
            return  # Also past the end that changes nothing.
        self.tried.append((offset, data))
        if os.pwrite(file.fileno(), data, offset) != len(data):
            raise OSError(errno.EIO, "the daemon died meanwhile")
        if len(self.content) < offset:
            self.content.extend(bytes(offset - len(self.content)))
        self.content[offset:offset + len(data)] = data

    def keep(self):
        self.kept = bytes(self.content)
        self.tried = []
        self.is_promised = True

    def allows(self, found):
        if found == self.kept:
            return True
        image = bytearray(self.kept)
        for offset, data in self.tried:
            if found[:len(image)] == bytes(image)[:len(found)] and len(found) >= len(self.kept):
                return True
            image.extend(bytes(max(0, offset - len(image))))
            image[offset:offset + len(data)] = data
        return found == bytes(image) or (len(found) >= len(self.kept) and
                                         found == bytes(image)[:len(found)])

    def check(self, test, path):
        if os.path.islink(path):
            test.assertTrue(self.may_be_sealed, f"{path} was sealed before it was closed")
            found = (path / "root").read_bytes()
            test.assertTrue(found == bytes(self.content), f"{path} has another content")
        else:
            found = path.read_bytes()
            test.assertTrue(self.allows(found),
                            f"{path}: {len(found)} bytes, {len(self.kept)} were kept")


class Car(File):
    def __init__(self, name, is_good):
        super().__init__(name)
        self.is_good = is_good

    def check(self, test, path):
        if not os.path.islink(path):
            return super().check(test, path)
        test.assertTrue(self.is_good and self.may_be_sealed, f"{path} was sealed")
        found = (path / "piece.car").read_bytes()
        return test.assertTrue(found == bytes(self.content), f"{path} has another content")


class Directory(Submission):
    def __init__(self, name):
        super().__init__(name)
        self.files = {}
        self.removed = set()

    def check(self, test, path):
        top = path / "root" if os.path.islink(path) else path
        if os.path.islink(path):
            test.assertTrue(self.may_be_sealed, f"{path} was sealed before it was complete")
        for name, file in self.files.items():
            if file.may_be_gone and not os.path.lexists(top / name):
                continue
            if not file.is_promised and not os.path.lexists(top / name):
                continue
            found = (top / name).read_bytes()
            test.assertTrue(file.allows(found), f"{top / name}: other content")
        if os.path.islink(path):
            test.assertEqual(sorted(os.listdir(top)), sorted(self.files))


class Writer(threading.Thread):
    """Puts one thing after the other into the inbox until the daemon is dead."""

    def __init__(self, test, number, seed):
        super().__init__()
        self.test = test
        self.random = random.Random(seed)
        self.prefix = f"{seed}-{number}"
        self.inbox = test.inbox
        self.submissions = []
        self.failure = None

    def run(self):
        try:
            for i in range(1000):
                self.put_one(f"{self.prefix}-{i}")
        except OSError:
            pass  # The daemon is gone.
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def put_one(self, name):
        kind = self.random.choice(
            (self.put_file, self.put_file, self.put_scattered, self.put_directory,
             self.put_car, self.put_over_another, self.ingest))
        kind(name)

    def begin(self, submission):
        self.submissions.append(submission)
        return submission

    def some_bytes(self, size_max=SIZE_MAX):
        size = self.random.randrange(1 << self.random.randrange(1, size_max.bit_length()))
        at = self.random.randrange(65_536)
        return PATTERN[at:at + size]

    def may_seal(self, submission, name):
        submission.may_be_sealed = True
        if self.random.random() < 0.5:
            os.setxattr(self.inbox / name, "user.dagfs.seal", b"")

    def fill(self, submission, path, data):
        """In order, with a sync now and then; answers when it is closed."""
        with open(path, "wb", buffering=0) as file:
            at = 0
            while at < len(data):
                part = data[at:at + self.random.choice((4096, 65_536, 1_000_000))]
                submission.write(file, at, part)
                at += len(part)
                if self.random.random() < 0.05:
                    os.fsync(file.fileno())
                    submission.keep()
            self.about_to_close(submission)
        submission.keep()

    def about_to_close(self, submission):
        # It may count as closed before this program is told so.
        submission.may_be_sealed = True

    def put_file(self, name):
        submission = self.begin(File(name))
        self.fill(submission, self.inbox / name, self.some_bytes())
        self.may_seal(submission, name)

    def put_scattered(self, name):
        submission = self.begin(File(name))
        with open(self.inbox / name, "wb", buffering=0) as file:
            for _ in range(self.random.randrange(1, 8)):
                data = self.some_bytes(200_000)
                submission.write(file, self.random.randrange(300_000), data)
                if self.random.random() < 0.3:
                    os.fsync(file.fileno())
                    submission.keep()
            self.about_to_close(submission)
        submission.keep()
        self.may_seal(submission, name)

    def put_directory(self, name):
        submission = self.begin(Directory(name))
        os.mkdir(self.inbox / name)
        submission.is_promised = True
        for i in range(self.random.randrange(1, 6)):
            file = File(f"f{i}")
            submission.files[f"f{i}"] = file
            self.fill(file, self.inbox / name / f"f{i}", self.some_bytes(100_000))
        submission.may_be_sealed = True
        os.setxattr(self.inbox / name, "user.dagfs.seal", b"")

    def put_car(self, name):
        is_good = self.random.random() < 0.7
        submission = self.begin(Car(name, is_good))
        path = self.test.folder / f"{name}.car"
        blocks = [b"%s %d " % (name.encode(), i) * self.random.randrange(1, 5000)
                  for i in range(self.random.randrange(1, 20))]
        car = CarWriter(path, [sha2_256_cid(RAW, blocks[0])])
        for block in blocks:
            car.section(sha2_256_cid(RAW, block if is_good else block + b"!"), block)
        car.close()
        self.fill(submission, self.inbox / name, path.read_bytes())
        path.unlink()
        self.may_seal(submission, name)

    def put_over_another(self, name):
        """As rsync and editors do."""
        old = self.begin(File(name))
        new = self.begin(File(f"{name}.tmp"))
        first, second = ((old, new) if self.random.random() < 0.5 else (new, old))
        for file in (first, second):
            self.fill(file, self.inbox / min(file.names), self.some_bytes())
            file.may_be_sealed = True
        new.names.add(name)
        old.may_be_gone = True
        with contextlib.suppress(OSError):  # It may be sealed in this moment.
            os.rename(self.inbox / f"{name}.tmp", self.inbox / name)
            new.names.remove(f"{name}.tmp")
            self.submissions.remove(old)

    def ingest(self, name):
        path = self.test.folder / name
        path.write_bytes(self.some_bytes(300_000))
        self.test.dagfs("ingest", path, check=False)
        path.unlink()


class Kills(harness.MountTest):
    settle = "0.1"

    def setUp(self):
        super().setUp()
        self.inbox = self.mountpoint / "inbox"
        self.steps_reached = 0
        self.verified = set()

    def restart(self, point=None):
        """Kills the daemon, if it is not dead; the next one dies at that step."""
        self.stop(self.daemon, signal.SIGKILL)
        if point is not None:
            os.environ["DAGFS_KILL_POINT"] = f"#{point}"
        try:
            self.daemon = self.start("--settle", self.settle)
        except AssertionError:
            # It died on the way: also a kill, and not the last word.
            if point is None:
                raise
            self.steps_reached += 1
            del os.environ["DAGFS_KILL_POINT"]
            self.daemon = self.start("--settle", self.settle)
        finally:
            os.environ.pop("DAGFS_KILL_POINT", None)

    def one_round(self, number):
        """Writes, kills; answers what was submitted."""
        chance = random.Random(SEED * 1_000_000 + number)
        is_armed = chance.random() < 0.5
        if is_armed:
            self.restart(chance.randrange(1, STEPS_MAX))
        writers = [Writer(self, i, SEED * 1_000_000 + number * 10 + i) for i in range(2)]
        for writer in writers:
            writer.start()
        if is_armed:
            # Enough is done until that step is reached; if not, so be it.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.daemon.wait(2)
                self.steps_reached += 1
        else:
            threading.Event().wait(chance.uniform(0, 0.15))
        self.daemon.kill()
        for writer in writers:
            writer.join(harness.PATIENCE)
            self.assertFalse(writer.is_alive())
            if writer.failure:
                raise writer.failure
        self.restart()
        return [submission for writer in writers for submission in writer.submissions]

    def check(self, submissions):
        claimed = {}
        for submission in submissions:
            there = [name for name in submission.names if os.path.lexists(self.inbox / name)]
            if not there:
                self.assertFalse(submission.is_promised and not submission.may_be_gone,
                                 f"{submission.names} is lost")
            for name in there:
                claimed.setdefault(name, []).append(submission)
        for name, candidates in claimed.items():
            failures = []
            for submission in candidates:
                try:
                    self.check_calmly(submission, self.inbox / name)
                    break
                except AssertionError as failure:
                    failures.append(failure)
            if len(failures) == len(candidates):
                raise failures[0]
            # Two that might have the name: who has not must be excused, or
            # still have its other.
            for other in candidates:
                if other is not submission and not other.may_be_gone:
                    self.assertTrue(any(os.path.lexists(self.inbox / its)
                                        for its in other.names - {name}), f"{name} is lost")

    def check_calmly(self, submission, path):
        """It may be sealed while it is looked at."""
        for _ in range(20):
            before = os.path.islink(path)
            try:
                submission.check(self, path)
            except (AssertionError, OSError) as failure:
                if getattr(failure, "errno", 0) == errno.EBUSY:
                    # It is a piece already, and almost a shard.
                    harness.wait_until(lambda: os.path.islink(path), f"{path} sealed")
                elif os.path.islink(path) == before:
                    raise
                continue
            if os.path.islink(path) == before:
                return

    def in_progress(self):
        lines = self.dagfs("inbox", "ls").stdout.splitlines()
        return [line for line in lines if line.split("\t")[0] in ("sealing", "publishing")]

    def files_of_inbox(self):
        return {path.name for path in (self.repo / "inbox").rglob("*") if path.is_file()}

    def sweep(self):
        """All is at rest: nothing is left that belongs to nobody."""
        lines = [line.split("\t") for line in self.dagfs("inbox", "ls").stdout.splitlines()]
        names = [fields[2] for fields in lines if fields[0] == "open"]
        if names:
            self.dagfs("inbox", "seal", *names, check=False)
        harness.wait_until(lambda: not self.in_progress(), "sealed")
        lines = [line.split("\t") for line in self.dagfs("inbox", "ls").stdout.splitlines()]
        for state, _, _, *rest in lines:
            self.assertTrue(state == "sealed" or
                            (state == "failed" and "section at" in rest[0]), (state, rest))

        keys = set(os.listdir(self.mountpoint / "shards"))
        self.assertEqual({name.removesuffix(".car") for name in os.listdir(self.repo / "pieces")},
                         keys)
        indices = [path for path in (self.repo / "index").rglob("*") if path.is_file()]
        self.assertEqual(len(indices), len(keys), indices)
        new = sorted(keys - self.verified)
        self.dagfs("shard", "verify", *new)
        commps = self.dagfs("commp", *(self.repo / f"pieces/{key}.car" for key in new)).stdout
        told = [line.split()[0] for line in commps.splitlines()]
        self.assertEqual(told, new)
        self.verified = keys
        self.assertEqual(len(os.listdir(self.repo / "inbox")), len(lines))
        for state, _, name, *_ in lines:
            if state == "failed":
                os.unlink(self.inbox / name)
        self.assertEqual(self.files_of_inbox() - {"submission.json", "data"}, set())
        # What failed goes when the kernel lets go of it.
        harness.wait_until(lambda: self.files_of_inbox() == {"submission.json"}, "clear")
        self.dagfs("inbox", "rm", *(fields[2] for fields in lines if fields[0] == "sealed"))
        harness.wait_until(lambda: not os.listdir(self.repo / "inbox"), "empty")

    def test_everything_is_right_after_each(self):
        self.daemon = self.start("--settle", self.settle)
        for number in range(KILLS):
            with self.subTest(round=number):
                self.check(self.one_round(number))
            if number % ROUNDS_BETWEEN_SWEEPS == ROUNDS_BETWEEN_SWEEPS - 1:
                self.sweep()
        print(f"{KILLS} kills, {self.steps_reached} of them at a step", flush=True)


if __name__ == "__main__":
    harness.main()
