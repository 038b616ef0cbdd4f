// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/payloads.h"
#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::Program;
using tests::ProgramResult;

constexpr std::string_view kV1 =
    "baga6ea4seaqf6dw7bhx3c65s4nepiic2qtgzdfyywllbkmiz6vbchd2m3oboshi";
constexpr std::string_view kV2 =
    "bafkzcibeqcad6ec7b3pqt35rpozogshuebnijtmrs4mlfvqvgem7kqrdr5gnxaxjdu";
constexpr std::string_view kV1InFourMiB =
    "baga6ea4seaqfaaejjnx5my3gvraceob3x5n23eitaylbicqf4xoonnkp6edvwjq";

class CommpCommandTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const Bytes& bytes) {
    return program_.folder().write(name, as_text(bytes));
  }

  // A mebibyte whose commitment is known.
  std::string mebibyte() {
    return write("mebibyte", tests::counted(std::size_t{1} << 20));
  }

  ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "commp");
    return program_.run(arguments);
  }

  Program program_;
};

TEST_F(CommpCommandTest, OneFileIsToldAsLotusDoes) {
  const ProgramResult result = run({mebibyte()});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(result.out, "CID:  " + std::string(kV1) +
                            "\nPiece size:  1.984 MiB\n"
                            "Piece size in bytes:  2080768\n"
                            "Padded piece size in bytes:  2097152\n"
                            "Payload size in bytes:  1048576\n");
}

TEST_F(CommpCommandTest, UnitsAreThoseOfLotus) {
  EXPECT_THAT(run({write("one", Bytes(1))}).out,
              HasSubstr("\nPiece size:  127 B\n"));
  EXPECT_THAT(run({write("half", Bytes(300 << 10))}).out,
              HasSubstr("\nPiece size:  508 KiB\n"));
  EXPECT_THAT(run({write("one", Bytes(1)), "--piece-size", "256MiB"}).out,
              HasSubstr("\nPiece size:  254 MiB\n"));
  EXPECT_THAT(run({write("one", Bytes(1)), "--piece-size", "32GiB"}).out,
              HasSubstr("\nPiece size:  31.75 GiB\n"));
}

TEST_F(CommpCommandTest, NumberOfThreadsMakesNoDifference) {
  const std::string file = mebibyte();
  for (const std::string threads : {"1", "2", "7"}) {
    EXPECT_THAT(run({file, "--threads", threads}).out,
                HasSubstr(std::string(kV1)));
  }
}

TEST_F(CommpCommandTest, Version2SaysTheSize) {
  EXPECT_THAT(run({"--v2", mebibyte()}).out,
              StartsWith("CID:  " + std::string(kV2) + "\n"));
}

TEST_F(CommpCommandTest, PieceMayBeLarger) {
  const std::string file = mebibyte();
  for (const std::string size : {"4194304", "4MiB", "4 MiB", "4096KiB"}) {
    EXPECT_THAT(run({file, "--piece-size", size}).out,
                StartsWith("CID:  " + std::string(kV1InFourMiB) +
                           "\nPiece size:  3.969 MiB\n"))
        << size;
  }
}

TEST_F(CommpCommandTest, SeveralFilesAreALineEach) {
  const std::string one = mebibyte();
  const std::string none = write("nothing", {});
  const ProgramResult result = run({one, none});
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(
      result.out,
      std::string(kV1) + "\t2097152\t" + one +
          "\nbaga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
          "\t128\t" +
          none + "\n");
}

TEST_F(CommpCommandTest, JsonHasBothVersionsAndAllSizes) {
  const std::string file = mebibyte();
  const Json json = Json::parse(run({"--json", file}).out);
  EXPECT_EQ(json, (Json{{"file", file},
                        {"cid", kV1},
                        {"cid_v2", kV2},
                        {"payload_size", 1048576},
                        {"unpadded_piece_size", 2080768},
                        {"padded_piece_size", 2097152}}));

  const Json larger =
      Json::parse(run({"--json", "--piece-size", "4MiB", file}).out);
  EXPECT_EQ(larger["cid"], kV1InFourMiB);
  EXPECT_FALSE(larger.contains("cid_v2"));
}

TEST_F(CommpCommandTest, SizesThatCannotBeAreRefused) {
  const std::string file = mebibyte();
  for (const std::string size :
       {"1MiB", "2080768", "3MiB", "128GiB", "1", "many", "-4MiB"}) {
    const ProgramResult result = run({file, "--piece-size", size});
    EXPECT_EQ(result.code, ExitCode::kUsage) << size;
    EXPECT_EQ(result.out, "") << size;
    EXPECT_THAT(result.err, StartsWith("dagfs: ")) << size;
  }
  const ProgramResult v2 = run({file, "--v2", "--piece-size", "4MiB"});
  EXPECT_EQ(v2.code, ExitCode::kUsage);
  EXPECT_THAT(v2.err, HasSubstr("version 2"));
}

TEST_F(CommpCommandTest, FileThatIsNotThereIsNamedAndOthersAreHashed) {
  const std::string absent = program_.folder().path("absent");
  const ProgramResult result = run({absent, mebibyte()});
  EXPECT_EQ(result.code, ExitCode::kNoInput);
  EXPECT_THAT(result.err, StartsWith("dagfs: " + absent + ": "));
  EXPECT_THAT(result.out, StartsWith(kV1));
}

}  // namespace
}  // namespace dagfs::tools
