// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "mount/piece/commp.h"
#include "mount/piece/piece_cid.h"
#include "tests/support/payloads.h"
#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using tests::Program;
using tests::ProgramResult;

class CommpManifestTest : public testing::Test {
 protected:
  CommpManifestTest() {
    std::filesystem::create_directories(path("disk/deep"));
  }

  std::string path(const std::string& name) const {
    return program_.folder().path(name);
  }

  // Writes a file of the disk; its piece CID.
  std::string write(const std::string& name, std::size_t size) {
    const Bytes bytes = tests::counted(size);
    std::ofstream(path("disk/" + name), std::ios::binary) << as_text(bytes);
    mount::PieceHasher hasher;
    hasher.append(bytes);
    return mount::piece_cid_v1(hasher.finish()->root).to_string();
  }

  void damage(const std::string& name) {
    std::fstream file(path("disk/" + name),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file.put('!');
  }

  ProgramResult check(const std::string& list,
                      std::vector<std::string> arguments = {}) {
    std::ofstream(path("list")) << list;
    arguments.insert(arguments.begin(),
                     {"commp", "--manifest", path("list"), path("disk")});
    return program_.run(arguments);
  }

  static std::string table(int matched, int wrong, int missing, int extra) {
    return fmt::format("matched  {}\nwrong    {}\nmissing  {}\nextra    {}\n",
                       matched, wrong, missing, extra);
  }

  Program program_;
};

TEST_F(CommpManifestTest, DiskThatIsAsListedIsAllRight) {
  const std::string a = write("a.car", 1000);
  const std::string b = write("deep/b.bin", 5000);
  const ProgramResult result = check("cid,size,file\n" + a + ",1000,a.car\n" +
                                     b + ",8192,/elsewhere/deep/b.bin\n");
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("matched\t" + a + "\t" + path("disk/a.car") + "\n"));
  EXPECT_THAT(result.out, EndsWith(table(2, 0, 0, 0)));
}

TEST_F(CommpManifestTest, WhatIsWrongMissingOrExtraIsToldAndEndsWithBadData) {
  const std::string a = write("a.car", 1000);
  const std::string b = write("b.car", 2000);
  write("deep/extra.car", 3000);
  write("notes.txt", 10);
  damage("b.car");
  const std::string gone =
      "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi";

  const ProgramResult result =
      check(a + ",,a.car\n" + b + ",,b.car\n" + gone + ",2097152,gone.car\n");
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_THAT(result.out, HasSubstr("wrong\t" + b + "\t" + path("disk/b.car") +
                                    "\tits bytes are the piece baga"));
  EXPECT_THAT(result.out, HasSubstr("missing\t" + gone + "\tgone.car\n"));
  EXPECT_THAT(result.out,
              HasSubstr("extra\t-\t" + path("disk/deep/extra.car") + "\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("notes.txt")));
  EXPECT_THAT(result.out, EndsWith(table(1, 1, 1, 1)));
}

TEST_F(CommpManifestTest, FilesMayBeExtraWhereThatIsAllowed) {
  const std::string a = write("a.car", 1000);
  write("b.car", 2000);
  EXPECT_EQ(check(a + ",,a.car").code, ExitCode::kBadData);
  EXPECT_EQ(check(a + ",,a.car", {"--allow-extra"}).code, ExitCode::kOk);
}

TEST_F(CommpManifestTest, FilesWithoutAListedNameAreFoundByTheirBytes) {
  const std::string a = write("renamed.car", 1000);
  const std::string b = write("other.car", 5000);
  const ProgramResult result = check(a + ",1024,a.car\n" + b + ",8192\n");
  EXPECT_EQ(result.code, ExitCode::kOk) << result.out << result.err;
  EXPECT_THAT(result.out,
              HasSubstr("matched\t" + a + "\t" + path("disk/renamed.car")));
}

TEST_F(CommpManifestTest, FileIsFoundByItsPieceInAPieceOfAnySize) {
  const Bytes bytes = tests::counted(1000);
  mount::PieceHasher hasher;
  hasher.append(bytes);
  const auto large = grown_to(hasher.finish().value(),
                              mount::PieceSize::from_height(30).value());
  write("a.car", 1000);
  const std::string cid = mount::piece_cid_v1(large->root).to_string();
  EXPECT_EQ(check(cid + ",34359738368\n").code, ExitCode::kOk);
  EXPECT_EQ(check(cid + "\n").code, ExitCode::kOk);
  EXPECT_EQ(check(cid + ",68719476736\n").code, ExitCode::kBadData);
}

TEST_F(CommpManifestTest, FileThatIsNamedAfterItsPieceMustBeIt) {
  const std::string cid = write("x.car", 1000);
  std::filesystem::rename(path("disk/x.car"), path("disk/" + cid + ".car"));
  EXPECT_EQ(check(cid).code, ExitCode::kOk);
  damage(cid + ".car");
  const ProgramResult result = check(cid);
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_THAT(result.out, EndsWith(table(0, 1, 0, 0)));
}

TEST_F(CommpManifestTest, FileOfAnotherSizeIsWrongUnread) {
  const std::string a = write("a.car", 1000);
  const ProgramResult result = check("cid,car_size,file\n" + a + ",1001,a.car");
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_THAT(result.out, HasSubstr("has 1000 bytes, and 1001 are listed"));
  EXPECT_TRUE(std::filesystem::is_empty(path("list.checked")));
}

TEST_F(CommpManifestTest, FileIsNotHashedAgainUntilItIsWritten) {
  const std::string a = write("a.car", 1000);
  const auto written = std::filesystem::last_write_time(path("disk/a.car"));
  ASSERT_EQ(check(a + ",,a.car").code, ExitCode::kOk);
  damage("a.car");
  // As bit rot would leave it.
  std::filesystem::last_write_time(path("disk/a.car"), written);
  EXPECT_EQ(check(a + ",,a.car").code, ExitCode::kOk);
  EXPECT_EQ(check(a + ",,a.car", {"--fresh"}).code, ExitCode::kBadData);

  std::filesystem::last_write_time(path("disk/a.car"),
                                   written + std::chrono::seconds(1));
  EXPECT_EQ(check(a + ",,a.car").code, ExitCode::kBadData);
}

TEST_F(CommpManifestTest, StateMayLieElsewhere) {
  const std::string a = write("a.car", 1000);
  ASSERT_EQ(check(a, {"--state", path("state")}).code, ExitCode::kOk);
  EXPECT_GT(std::filesystem::file_size(path("state")), 0);
  EXPECT_FALSE(std::filesystem::exists(path("list.checked")));
  EXPECT_NE(check(a, {"--state", path("none/state")}).code, ExitCode::kOk);
}

TEST_F(CommpManifestTest, ManyFilesSideBySide) {
  std::string list;
  for (std::size_t i = 1; i <= 40; ++i) {
    const std::string name = fmt::format("{}.car", i);
    list += write(name, i * 1000) + ",," + name + "\n";
  }
  const ProgramResult result = check(list, {"--jobs", "4", "--threads", "3"});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(result.out, EndsWith(table(40, 0, 0, 0)));
}

TEST_F(CommpManifestTest, JsonIsALineAFindingAndTheCounts) {
  const std::string a = write("a.car", 1000);
  damage("a.car");
  const ProgramResult result = check(a + ",,a.car", {"--json"});
  std::istringstream lines(result.out);
  std::string line;
  std::getline(lines, line);
  const Json finding = Json::parse(line);
  EXPECT_EQ(finding["verdict"], "wrong");
  EXPECT_EQ(finding["cid"], a);
  EXPECT_EQ(finding["file"], path("disk/a.car"));
  EXPECT_TRUE(finding.contains("problem"));
  std::getline(lines, line);
  EXPECT_EQ(Json::parse(line),
            (Json{{"matched", 0}, {"wrong", 1}, {"missing", 0}, {"extra", 0}}));
}

TEST_F(CommpManifestTest, WhatCannotBeReadIsSaid) {
  EXPECT_EQ(check("no list").code, ExitCode::kBadData);
  std::filesystem::remove_all(path("disk"));
  EXPECT_EQ(check("cid\n").code, ExitCode::kNoInput);
  EXPECT_EQ(
      program_.run({"commp", "--manifest", path("absent"), path("")}).code,
      ExitCode::kNoInput);
}

}  // namespace
}  // namespace dagfs::tools
