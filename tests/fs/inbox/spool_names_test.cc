// SPDX-License-Identifier: Apache-2.0 OR MIT

// What calls on names answer: the same in a spool as in a plain folder.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <limits>
#include <vector>

#include "tests/fs/inbox/spool_fixture.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

// 0, or what a call failed with.
int outcome(int result) { return result < 0 ? errno : 0; }

int outcome_of_open(const std::string& path, int flags, mode_t mode = 0644) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  return fd ? 0 : errno;
}

int rename_with(const std::string& from, const std::string& to,
                unsigned flags) {
  return outcome(
      ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags));
}

struct Attempt {
  const char* what;
  // Of the folder that is tried.
  std::function<int(const std::string&)> run;
};

// A file, a directory with something in it, an empty one, links, and a name of
// the greatest length.
void fill(const std::string& top) {
  ASSERT_EQ(outcome_of_open(top + "/file", O_CREAT | O_WRONLY), 0);
  ASSERT_EQ(outcome_of_open(top + "/other", O_CREAT | O_WRONLY), 0);
  ASSERT_EQ(::mkdir((top + "/full").c_str(), 0755), 0);
  ASSERT_EQ(outcome_of_open(top + "/full/inside", O_CREAT | O_WRONLY), 0);
  ASSERT_EQ(::mkdir((top + "/empty").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((top + "/empty2").c_str(), 0755), 0);
  ASSERT_EQ(::symlink("file", (top + "/link").c_str()), 0);
  ASSERT_EQ(::symlink("nothing", (top + "/dangling").c_str()), 0);
  ASSERT_EQ(::symlink("loop", (top + "/loop").c_str()), 0);
}

class SpoolNames : public MountedSpool {
 protected:
  void SetUp() override {
    MountedSpool::SetUp();
    if (IsSkipped()) return;
    fill(path());
    fill(plain());
  }

  // Runs each in both places, one after the other.
  void expect_same(const std::vector<Attempt>& attempts) {
    for (const Attempt& attempt : attempts) {
      const int expected = attempt.run(plain());
      EXPECT_EQ(attempt.run(path()), expected) << attempt.what;
    }
    expect_same_names();
  }

  void expect_same_names() {
    const std::string list =
        " && find . -mindepth 1 -printf '%P %y %m %s %l\\n' | sort";
    EXPECT_EQ(shell("cd " + path() + list), shell("cd " + plain() + list));
  }
};

const std::string kLong(255, 'n');
const std::string kTooLong(256, 'n');

TEST_F(SpoolNames, Open) {
  expect_same({
      {"exclusive",
       [](auto& top) {
         return outcome_of_open(top + "/file", O_CREAT | O_EXCL | O_WRONLY);
       }},
      {"exclusive link",
       [](auto& top) {
         return outcome_of_open(top + "/dangling", O_CREAT | O_EXCL | O_RDWR);
       }},
      {"absent",
       [](auto& top) { return outcome_of_open(top + "/absent", O_RDONLY); }},
      {"file as folder",
       [](auto& top) {
         return outcome_of_open(top + "/file/x", O_CREAT | O_WRONLY);
       }},
      {"must be a folder",
       [](auto& top) {
         return outcome_of_open(top + "/file", O_RDONLY | O_DIRECTORY);
       }},
      {"write a folder",
       [](auto& top) { return outcome_of_open(top + "/full", O_WRONLY); }},
      {"create a folder",
       [](auto& top) {
         return outcome_of_open(top + "/full", O_CREAT | O_WRONLY);
       }},
      {"not through a link",
       [](auto& top) {
         return outcome_of_open(top + "/link", O_RDONLY | O_NOFOLLOW);
       }},
      {"loop",
       [](auto& top) { return outcome_of_open(top + "/loop", O_RDONLY); }},
      {"through a dangling link",
       [](auto& top) {
         return outcome_of_open(top + "/dangling", O_CREAT | O_WRONLY);
       }},
      {"long name",
       [](auto& top) {
         return outcome_of_open(top + '/' + kLong, O_CREAT | O_WRONLY);
       }},
      {"too long name",
       [](auto& top) {
         return outcome_of_open(top + '/' + kTooLong, O_CREAT | O_WRONLY);
       }},
      {"mode 0",
       [](auto& top) {
         return outcome_of_open(top + "/sealed", O_CREAT | O_RDWR, 0);
       }},
      {"odd modes",
       [](auto& top) {
         return outcome_of_open(top + "/odd", O_CREAT | O_RDWR, 06751);
       }},
      {"temporary file without a name",
       [](auto& top) {
         // What a file system without them says; programs do without then.
         const int error = outcome_of_open(top, O_TMPFILE | O_RDWR);
         return error == EOPNOTSUPP ? 0 : error;
       }},
  });
}

TEST_F(SpoolNames, Mkdir) {
  expect_same({
      {"new",
       [](auto& top) {
         return outcome(::mkdir((top + "/new").c_str(), 0750));
       }},
      {"sticky",
       [](auto& top) {
         return outcome(::mkdir((top + "/sticky").c_str(), 01777));
       }},
      {"taken by a folder",
       [](auto& top) {
         return outcome(::mkdir((top + "/empty").c_str(), 0755));
       }},
      {"taken by a file",
       [](auto& top) {
         return outcome(::mkdir((top + "/file").c_str(), 0755));
       }},
      {"taken by a dangling link",
       [](auto& top) {
         return outcome(::mkdir((top + "/dangling").c_str(), 0755));
       }},
      {"in nothing",
       [](auto& top) {
         return outcome(::mkdir((top + "/absent/x").c_str(), 0755));
       }},
      {"in a file",
       [](auto& top) {
         return outcome(::mkdir((top + "/file/x").c_str(), 0755));
       }},
      {"too long",
       [](auto& top) {
         return outcome(::mkdir((top + '/' + kTooLong).c_str(), 0755));
       }},
  });
}

TEST_F(SpoolNames, RmdirAndUnlink) {
  expect_same({
      {"rmdir full",
       [](auto& top) { return outcome(::rmdir((top + "/full").c_str())); }},
      {"rmdir file",
       [](auto& top) { return outcome(::rmdir((top + "/file").c_str())); }},
      {"rmdir absent",
       [](auto& top) { return outcome(::rmdir((top + "/absent").c_str())); }},
      {"rmdir dot",
       [](auto& top) { return outcome(::rmdir((top + "/empty/.").c_str())); }},
      {"rmdir dot dot",
       [](auto& top) { return outcome(::rmdir((top + "/empty/..").c_str())); }},
      {"unlink a folder",
       [](auto& top) { return outcome(::unlink((top + "/empty").c_str())); }},
      {"unlink absent",
       [](auto& top) { return outcome(::unlink((top + "/absent").c_str())); }},
      {"unlink with a slash",
       [](auto& top) { return outcome(::unlink((top + "/file/").c_str())); }},
      {"unlink a link, not its target",
       [](auto& top) { return outcome(::unlink((top + "/link").c_str())); }},
      {"unlink",
       [](auto& top) {
         return outcome(::unlink((top + "/full/inside").c_str()));
       }},
      {"rmdir",
       [](auto& top) { return outcome(::rmdir((top + "/full").c_str())); }},
      {"rmdir again",
       [](auto& top) { return outcome(::rmdir((top + "/full").c_str())); }},
  });
}

TEST_F(SpoolNames, Rename) {
  expect_same({
      {"absent",
       [](auto& top) { return rename_with(top + "/absent", top + "/x", 0); }},
      {"to itself",
       [](auto& top) { return rename_with(top + "/file", top + "/file", 0); }},
      {"a folder over a file",
       [](auto& top) { return rename_with(top + "/empty", top + "/file", 0); }},
      {"a file over a folder",
       [](auto& top) { return rename_with(top + "/file", top + "/empty", 0); }},
      {"over a full folder",
       [](auto& top) { return rename_with(top + "/empty", top + "/full", 0); }},
      {"over an empty folder",
       [](auto& top) {
         return rename_with(top + "/full", top + "/empty2", 0);
       }},
      {"into itself",
       [](auto& top) {
         return rename_with(top + "/empty2", top + "/empty2/x", 0);
       }},
      {"an ancestor onto a child",
       [](auto& top) {
         return rename_with(top + "/empty2/inside", top + "/empty2", 0);
       }},
      {"over a file",
       [](auto& top) { return rename_with(top + "/file", top + "/other", 0); }},
      {"over a link",
       [](auto& top) {
         return rename_with(top + "/other", top + "/dangling", 0);
       }},
      {"into another folder",
       [](auto& top) {
         return rename_with(top + "/dangling", top + "/empty/moved", 0);
       }},
      {"too long",
       [](auto& top) {
         return rename_with(top + "/link", top + '/' + kTooLong, 0);
       }},
      {"no replace, taken",
       [](auto& top) {
         return rename_with(top + "/link", top + "/loop", RENAME_NOREPLACE);
       }},
      {"no replace, free",
       [](auto& top) {
         return rename_with(top + "/link", top + "/free", RENAME_NOREPLACE);
       }},
      {"exchange with nothing",
       [](auto& top) {
         return rename_with(top + "/free", top + "/absent", RENAME_EXCHANGE);
       }},
      {"exchange a link and a folder",
       [](auto& top) {
         return rename_with(top + "/free", top + "/empty", RENAME_EXCHANGE);
       }},
      {"look into what was exchanged",
       [](auto& top) {
         return outcome_of_open(top + "/free/moved", O_RDONLY);
       }},
      {"both flags",
       [](auto& top) {
         return rename_with(top + "/free", top + "/y",
                            RENAME_EXCHANGE | RENAME_NOREPLACE);
       }},
  });
}

TEST_F(SpoolNames, Symlink) {
  expect_same({
      {"taken",
       [](auto& top) {
         return outcome(::symlink("x", (top + "/file").c_str()));
       }},
      {"empty",
       [](auto& top) { return outcome(::symlink("", (top + "/x").c_str())); }},
      {"long target",
       [](auto& top) {
         return outcome(
             ::symlink(std::string(4000, 't').c_str(), (top + "/x").c_str()));
       }},
      {"too long target",
       [](auto& top) {
         return outcome(
             ::symlink(std::string(4096, 't').c_str(), (top + "/y").c_str()));
       }},
      {"not a link",
       [](auto& top) {
         char target[8];
         return outcome(static_cast<int>(
             ::readlink((top + "/file").c_str(), target, sizeof(target))));
       }},
  });
}

TEST_F(SpoolNames, TruncateAndTimes) {
  const timespec omit[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                            {.tv_sec = 0, .tv_nsec = UTIME_OMIT}};
  const timespec bad[2] = {{.tv_sec = 0, .tv_nsec = 2'000'000'000}, {}};
  expect_same({
      {"truncate",
       [](auto& top) {
         return outcome(::truncate((top + "/file").c_str(), 12345));
       }},
      {"truncate to less",
       [](auto& top) {
         return outcome(::truncate((top + "/file").c_str(), 123));
       }},
      {"truncate negative",
       [](auto& top) {
         return outcome(::truncate((top + "/file").c_str(), -1));
       }},
      {"truncate a folder",
       [](auto& top) {
         return outcome(::truncate((top + "/full").c_str(), 0));
       }},
      {"truncate absent",
       [](auto& top) {
         return outcome(::truncate((top + "/absent").c_str(), 0));
       }},
      {"truncate too far",
       [](auto& top) {
         return outcome(::truncate((top + "/file").c_str(),
                                   std::numeric_limits<off_t>::max()));
       }},
      {"omit times",
       [&](auto& top) {
         return outcome(
             ::utimensat(AT_FDCWD, (top + "/file").c_str(), omit, 0));
       }},
      {"bad times",
       [&](auto& top) {
         return outcome(::utimensat(AT_FDCWD, (top + "/file").c_str(), bad, 0));
       }},
      {"times of nothing",
       [&](auto& top) {
         return outcome(
             ::utimensat(AT_FDCWD, (top + "/absent").c_str(), nullptr, 0));
       }},
      {"chmod",
       [](auto& top) {
         return outcome(::chmod((top + "/file").c_str(), 04711));
       }},
      {"chmod through a link",
       [](auto& top) {
         return outcome(::chmod((top + "/link").c_str(), 0600));
       }},
      {"chmod a dangling link",
       [](auto& top) {
         return outcome(::chmod((top + "/dangling").c_str(), 0600));
       }},
  });
}

TEST_F(SpoolNames, TimesAreKeptToTheNanosecond) {
  const timespec times[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 123'456'789},
                             {.tv_sec = 1, .tv_nsec = 1}};
  for (const char* name : {"file", "full", "dangling"}) {
    ASSERT_EQ(
        ::utimensat(AT_FDCWD, path(name).c_str(), times, AT_SYMLINK_NOFOLLOW),
        0);
    struct stat status = {};
    ASSERT_EQ(::lstat(path(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_atim.tv_nsec, 123'456'789);
    EXPECT_EQ(status.st_mtim.tv_sec, 1);
    EXPECT_EQ(status.st_mtim.tv_nsec, 1);
  }
  const timespec one[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                           {.tv_sec = 0, .tv_nsec = UTIME_NOW}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path("file").c_str(), one, 0), 0);
  struct stat status = {};
  ASSERT_EQ(::stat(path("file").c_str(), &status), 0);
  EXPECT_EQ(status.st_atim.tv_sec, 1'000'000'000);
  EXPECT_GT(status.st_mtim.tv_sec, 1'000'000'000);
}

TEST_F(SpoolNames, WhatUnixfsCannotHoldIsRefused) {
  EXPECT_EQ(outcome(::link(path("file").c_str(), path("hard").c_str())), EPERM);
  EXPECT_EQ(outcome(::mkfifo(path("fifo").c_str(), 0644)), EPERM);
  EXPECT_EQ(outcome(::mknod(path("socket").c_str(), S_IFSOCK | 0644, 0)),
            EPERM);
  if (::geteuid() == 0) {
    EXPECT_EQ(outcome(::mknod(path("null").c_str(), S_IFCHR | 0644, 0x103)),
              EPERM);
  }
  EXPECT_EQ(outcome(::setxattr(path("file").c_str(), "user.x", "y", 1, 0)),
            EOPNOTSUPP);
  EXPECT_EQ(outcome(::mknod(path("regular").c_str(), S_IFREG | 0640, 0)), 0);
  struct stat status = {};
  ASSERT_EQ(::stat(path("regular").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  EXPECT_EQ(outcome(::mknod(path("regular").c_str(), S_IFREG | 0640, 0)),
            EEXIST);
}

TEST_F(SpoolNames, NewFilesAreTheCallersAndNotOurUmasks) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  make_reachable();
  ASSERT_EQ(::chmod(path().c_str(), 0777), 0);
  const std::string as_other =
      "setpriv --reuid=1234 --regid=2345 --clear-groups sh -c ";
  const mode_t former = ::umask(0077);

  EXPECT_EQ(shell(as_other + "'cd " + path() +
                  " && umask 027 && touch f && umask 0 && mkdir d && "
                  "ln -s f l && umask 0777 && touch none'"),
            "");
  ::umask(former);

  EXPECT_EQ(shell("cd " + path() + " && stat -c '%n %u:%g %a' f d l none"),
            "f 1234:2345 640\nd 1234:2345 777\nl 1234:2345 777\n"
            "none 1234:2345 0\n");
}

TEST_F(SpoolNames, WhatACallerMayNotDoIsRefusedAsElsewhere) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
  make_reachable();
  ASSERT_EQ(::chmod(path("file").c_str(), 0600), 0);
  const std::string as_other =
      "LC_ALL=C setpriv --reuid=1234 --regid=2345 --clear-groups ";
  for (const char* command :
       {"touch full/x", "rm -f full/inside", "mv file file2", "cat file",
        "chmod 777 file", "truncate -s 1 file"}) {
    EXPECT_NE(shell("cd " + path() + " && " + as_other + command).find("ermi"),
              std::string::npos)
        << command;
  }
}

TEST_F(SpoolNames, ADirectorysSetGroupIdIsInherited) {
  for (const std::string& top : {path("empty"), plain("empty")}) {
    if (::chown(top.c_str(), ::getuid(), 4321) != 0) {
      GTEST_SKIP() << "only root may give away folders";
    }
    ASSERT_EQ(::chmod(top.c_str(), 02775), 0);
    ASSERT_EQ(outcome_of_open(top + "/f", O_CREAT | O_WRONLY), 0);
    ASSERT_EQ(::mkdir((top + "/d").c_str(), 0755), 0);
  }
  const std::string list = " && stat -c '%n %u:%g %a' f d";
  EXPECT_EQ(shell("cd " + path("empty") + list),
            shell("cd " + plain("empty") + list));
}

TEST_F(SpoolNames, RenamedThingsStayWhatTheyAre) {
  struct stat before = {};
  const UniqueFd fd(::open(path("full/inside").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::fstat(fd.get(), &before), 0);

  ASSERT_EQ(::rename(path("full").c_str(), path("moved").c_str()), 0);
  ASSERT_EQ(::rename(path("moved/inside").c_str(), path("top").c_str()), 0);

  struct stat after = {};
  ASSERT_EQ(::stat(path("top").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  ASSERT_EQ(::write(fd.get(), "content", 7), 7);
  EXPECT_EQ(read_all(path("top")), "content");
  ASSERT_EQ(::fstat(fd.get(), &after), 0);
  EXPECT_EQ(after.st_size, 7);
}

TEST_F(SpoolNames, AFolderThatIsRemovedUnderSomebodyIsEmpty) {
  const UniqueFd fd(
      ::open(path("empty").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::rmdir(path("empty").c_str()), 0);
  struct stat status = {};
  EXPECT_EQ(::fstat(fd.get(), &status), 0);
  EXPECT_EQ(outcome(::openat(fd.get(), "x", O_CREAT | O_WRONLY, 0644)), ENOENT);
}

TEST_F(SpoolNames, ADeepTreeIsWalkedPastAllRememberedFolders) {
  constexpr int kDepth = 300;
  UniqueFd at(::open(path().c_str(), O_PATH | O_CLOEXEC));
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), "d", 0755), 0);
    at = UniqueFd(::openat(at.get(), "d", O_PATH | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
  const UniqueFd file(
      ::openat(at.get(), "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  ASSERT_TRUE(file);
  EXPECT_EQ(::write(file.get(), "deep", 4), 4);
  // From the top again, when the first folders have been put aside.
  EXPECT_EQ(shell("find " + path() + " -name f | wc -l"), "1\n");
  ASSERT_EQ(::rename(path("d").c_str(), path("e").c_str()), 0);
  struct stat status = {};
  EXPECT_EQ(::fstatat(at.get(), "f", &status, 0), 0);
  EXPECT_EQ(shell("rm -r " + path("e") + " && echo gone"), "gone\n");
}

}  // namespace
}  // namespace dagfs::fs
