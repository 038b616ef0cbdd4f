// SPDX-License-Identifier: Apache-2.0 OR MIT

// What people fill folders with.

#include <gtest/gtest.h>

#include "tests/fs/inbox/spool_fixture.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

class SpoolPrograms : public MountedSpool {
 protected:
  void SetUp() override {
    MountedSpool::SetUp();
    if (IsSkipped()) return;
    // Names, modes and times that are easily lost.
    shell("cd " + plain() +
          " && mkdir -p d/e 'with space' && echo content > d/file && "
          "printf 'no newline' > 'with space/\xc3\xa4\\nline' && "
          "seq 100000 > d/e/large && : > empty && chmod 751 d && "
          "chmod 400 d/file && chmod 4755 empty && ln -s d/file link && "
          "ln -s nowhere dangling && "
          "touch -d '2001-02-03 04:05:06.123456789' d/file d/e && "
          "touch -h -d '2002-03-04 05:06:07' dangling && "
          "for i in $(seq 50); do echo $i > d/e/$i; done; "
          // rsync takes times of one second for the same.
          "find . -depth -newermt 2010-01-01 -exec touch -hd 2003-04-05 {} +");
  }

  void expect_a_copy_at(const std::string& name) {
    const std::string list =
        " && find . -printf '%P|%y|%m|%U|%G|%s|%T@|%l\\n' | "
        // Sizes of folders are the disk's affair.
        "awk -F'|' -v OFS='|' '$2 == \"d\" {$6 = 0} {print}' | LC_ALL=C sort";
    EXPECT_EQ(shell("cd " + path(name) + list), shell("cd " + plain() + list));
    EXPECT_EQ(shell("diff -r --no-dereference " + path(name) + ' ' + plain()),
              "");
  }
  static bool has(const std::string& program) {
    return shell("command -v " + program) != "";
  }
};

#define SKIP_WITHOUT(program)                                   \
  if (!has(program)) GTEST_SKIP() << program << " is not here"; \
  static_assert(true)

TEST_F(SpoolPrograms, CopyAll) {
  EXPECT_EQ(shell("cp -a " + plain() + ' ' + path("copy")), "");
  expect_a_copy_at("copy");
}

TEST_F(SpoolPrograms, CopyInsideAndMove) {
  EXPECT_EQ(shell("cp -a " + plain() + ' ' + path("first")), "");
  EXPECT_EQ(shell("cp -a " + path("first") + ' ' + path("second")), "");
  EXPECT_EQ(shell("mv " + path("second") + ' ' + path("third")), "");
  expect_a_copy_at("third");
}

TEST_F(SpoolPrograms, Rsync) {
  SKIP_WITHOUT("rsync");
  EXPECT_EQ(shell("rsync -a " + plain() + "/ " + path("copy")), "");
  expect_a_copy_at("copy");
  // Again, over what is there. It takes times of one second for the same.
  shell("cd " + plain("d/e") +
        " && echo changed >> 7 && rm 9 && touch -d 2003-04-05 .");
  EXPECT_EQ(shell("rsync -a --delete " + plain() + "/ " + path("copy")), "");
  expect_a_copy_at("copy");
  EXPECT_EQ(shell("rsync -aic --delete " + plain() + "/ " + path("copy")), "");
  EXPECT_EQ(shell("rsync -a --inplace " + plain() + "/ " + path("other")), "");
  expect_a_copy_at("other");
}

TEST_F(SpoolPrograms, Tar) {
  EXPECT_EQ(shell("mkdir " + path("copy") + " && tar -C " + plain() +
                  " -cf - . | tar -C " + path("copy") + " -xpf -"),
            "");
  EXPECT_EQ(shell("diff -r --no-dereference " + path("copy") + ' ' + plain()),
            "");
}

TEST_F(SpoolPrograms, GitClone) {
  SKIP_WITHOUT("git");
  const std::string git =
      "git -c user.name=a -c user.email=b -c init.defaultBranch=main ";
  shell("cd " + plain() + " && chmod 644 d/file && " + git + "init -q && " +
        git + "add -A && " + git + "commit -qm one && seq 5 > d/e/1 && " + git +
        "commit -qam two");

  EXPECT_EQ(shell("git clone -q file://" + plain() + ' ' + path("clone")), "");

  EXPECT_EQ(shell("cd " + path("clone") +
                  " && git fsck --strict && git status --porcelain && "
                  "git log --format=%s"),
            "two\none\n");
  EXPECT_EQ(shell("cd " + path("clone") + " && echo more > d/e/2 && " + git +
                  "commit -qam three && git repack -adq && git gc -q && "
                  "git checkout -q HEAD~2 && git log --format=%s"),
            "one\n");
}

TEST_F(SpoolPrograms, Unzip) {
  SKIP_WITHOUT("zip");
  SKIP_WITHOUT("unzip");
  shell("cd " + plain() + " && rm -r 'with space' && zip -qry ../a.zip .");
  EXPECT_EQ(shell("unzip -q " + folder_.path("a.zip") + " -d " + path("copy")),
            "");
  EXPECT_EQ(shell("diff -r --no-dereference " + path("copy") + ' ' + plain()),
            "");
}

TEST_F(SpoolPrograms, EditorsAndBuilds) {
  const std::string folder = path("work");
  // Written beside and renamed over, in place, appended to, and sorted in
  // place.
  EXPECT_EQ(shell("mkdir " + folder + " && cd " + folder +
                  " && seq 10 > f && sed -i s/5/five/ f && "
                  "sort -r -o f f && echo end >> f && "
                  "dd if=/dev/zero of=f bs=1 count=1 seek=3 conv=notrunc "
                  "status=none && tr '\\0' . < f | tail -3"),
            "10\n1\nend\n");
}

}  // namespace
}  // namespace dagfs::fs
