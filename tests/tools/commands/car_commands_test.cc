// SPDX-License-Identifier: Apache-2.0 OR MIT

// The commands on CAR files, which need no repo.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "car/car_index.h"
#include "tests/support/car_builder.h"
#include "tests/support/dag_builder.h"
#include "tests/support/result_matchers.h"
#include "tests/tools/commands/program.h"

namespace dagfs::tools {
namespace {

using car::Cid;
using car::Codec;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::CarBuilder;
using tests::DagBuilder;
using tests::Program;
using tests::ProgramResult;

constexpr std::string_view kHello = "hello";

class CarCommandsTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const CarBuilder& builder) {
    const Bytes bytes = builder.bytes();
    return program_.folder().write(name, as_text(bytes));
  }

  // root/{a.txt, deep/b.txt, link}
  std::string small_car() {
    const Cid a = dag_.file(kHello, {.mode = 0640, .mtime = {{.seconds = 7}}});
    const Cid b = dag_.raw("world");
    const Cid deep = dag_.directory({{"b.txt", b}}, {.mode = 0750});
    const Cid link = dag_.symlink("deep/b.txt");
    root_ = dag_.directory({{"a.txt", a}, {"deep", deep}, {"link", link}});
    return write("small.car", dag_.car(root_));
  }

  ProgramResult run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "car");
    return program_.run(arguments);
  }

  std::string out_folder() const { return program_.folder().path("out"); }

  static std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Program program_;
  DagBuilder dag_;
  Cid root_;
};

TEST_F(CarCommandsTest, FileThatIsNotThereIsNoInputForEach) {
  const std::string absent = program_.folder().path("absent.car");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"inspect", absent},
        {"ls", absent},
        {"cat", absent, "a"},
        {"verify", absent},
        {"index", absent},
        {"extract", absent}}) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.code, ExitCode::kNoInput) << arguments[0];
    EXPECT_THAT(result.err, StartsWith("dagfs: " + absent + ": "));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(CarCommandsTest, FileThatIsNoCarIsBadDataForEach) {
  const std::string file = program_.folder().write("not.car", "this is no CAR");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"inspect", file},
        {"ls", file},
        {"cat", file, "a"},
        {"verify", file},
        {"index", file},
        {"extract", file}}) {
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.code, ExitCode::kBadData) << arguments[0];
    EXPECT_THAT(result.err, StartsWith("dagfs: " + file + ": "));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
  }
  EXPECT_FALSE(std::filesystem::exists(program_.folder().path("not.idx")));
}

TEST_F(CarCommandsTest, InspectTellsWhatItIsMadeOf) {
  CarBuilder builder;
  const Cid root = builder.block(Codec::kDagCbor, as_bytes("\xa0"));
  builder.block("four");
  builder.root(root).root(Cid::v1(Codec::kRaw, root.multihash()));
  builder.version2().index(car::IndexCodec::kIndexSorted);
  const ProgramResult result = run({"inspect", write("v2.car", builder)});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, HasSubstr("\nversion: 2\n"));
  EXPECT_THAT(result.out, HasSubstr(root.to_string() + " present\n"));
  EXPECT_THAT(result.out, HasSubstr("\nblocks: 2\n"));
  EXPECT_THAT(result.out, HasSubstr("\nblock size: min 1, avg 2, max 4\n"));
  EXPECT_THAT(result.out, HasSubstr("\ncodecs: dag-cbor 1, raw 1\n"));
  EXPECT_THAT(result.out, HasSubstr("\nhashes: sha2-256 2\n"));
  EXPECT_THAT(result.out, HasSubstr("\nindex: index-sorted at "));
  EXPECT_THAT(result.out, HasSubstr("\nindex check: matches\n"));
  EXPECT_THAT(result.out, HasSubstr("\npadding: none\n"));
}

TEST_F(CarCommandsTest, InspectSaysThatAPieceIsPadded) {
  CarBuilder builder;
  builder.root(builder.block("x")).zeros(100);
  const std::string path = write("piece.car", builder);
  EXPECT_THAT(run({"inspect", path}).out,
              HasSubstr("\npadding: 100 bytes at "));
  const Json json = Json::parse(run({"inspect", "--json", path}).out);
  EXPECT_EQ(json["padding"]["content"], "zeros");
  builder.raw(as_bytes("tail"));
  EXPECT_THAT(run({"inspect", write("tail.car", builder)}).out,
              HasSubstr(": data from "));
}

TEST_F(CarCommandsTest, InspectMarksMissingRoots) {
  DagBuilder other;
  CarBuilder builder;
  builder.block("x");
  builder.root(other.raw("elsewhere"));
  const ProgramResult result = run({"inspect", write("m.car", builder)});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, HasSubstr(" missing\n"));
}

TEST_F(CarCommandsTest, LsListsTheOnlyRoot) {
  const ProgramResult result = run({"ls", small_car()});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, HasSubstr("        5  "));
  EXPECT_THAT(result.out, HasSubstr("  a.txt\n"));
  EXPECT_THAT(result.out, HasSubstr("  link -> deep/b.txt\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("b.txt\n  ")));
}

TEST_F(CarCommandsTest, LsShowsModesTimesAndWhatIsBelow) {
  const ProgramResult result = run({"ls", "-lR", small_car()});
  EXPECT_THAT(result.out, HasSubstr("-rw-r-----  1970-01-01T00:00:07Z  "));
  EXPECT_THAT(result.out, HasSubstr("drwxr-x---  "));
  EXPECT_THAT(result.out, HasSubstr("  deep/b.txt\n"));
}

TEST_F(CarCommandsTest, LsTakesPathsAndCids) {
  const std::string path = small_car();
  EXPECT_THAT(run({"ls", path, "deep"}).out, HasSubstr("  deep/b.txt\n"));
  const std::string below_cid = root_.to_string() + "/deep";
  EXPECT_THAT(run({"ls", path, below_cid}).out,
              HasSubstr("  " + below_cid + "/b.txt\n"));
  EXPECT_THAT(run({"ls", path, "a.txt"}).out, HasSubstr("  a.txt\n"));
  const ProgramResult absent = run({"ls", path, "deep/no"});
  EXPECT_EQ(absent.code, ExitCode::kNoInput);
  EXPECT_THAT(absent.err, HasSubstr("deep/no: no such name"));
}

TEST_F(CarCommandsTest, LsFlagsMissingBlocks) {
  const Cid present = dag_.raw("present");
  DagBuilder elsewhere;
  const Cid root =
      dag_.directory({{"gone", elsewhere.raw("gone")}, {"here", present}});
  const std::string path = write("partial.car", dag_.car(root));
  const ProgramResult result = run({"ls", path});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, HasSubstr("missing  "));
  const std::string json = run({"ls", "--json", path}).out;
  EXPECT_THAT(json, HasSubstr("\"type\":\"missing\""));
}

TEST_F(CarCommandsTest, LsOfManyRootsBeginsWithTheirCids) {
  const Cid one = dag_.directory({{"f", dag_.raw("1")}});
  const Cid two = dag_.raw("2");
  CarBuilder builder = dag_.car(one);
  builder.root(two).root(one);
  const std::string path = write("many.car", builder);
  const std::string out = run({"ls", "-R", path}).out;
  EXPECT_THAT(out, HasSubstr("  " + one.to_string() + "\n"));
  EXPECT_THAT(out, HasSubstr("  " + one.to_string() + "/f\n"));
  EXPECT_THAT(out, HasSubstr("  " + two.to_string() + "\n"));
  EXPECT_EQ(std::ranges::count(out, '\n'), 3);
  EXPECT_EQ(run({"cat", path, "f"}).code, ExitCode::kUsage);
}

TEST_F(CarCommandsTest, CatWritesBytesOfPathsAndCids) {
  const std::string path = small_car();
  EXPECT_EQ(run({"cat", path, "a.txt", "deep/b.txt"}).out, "helloworld");
  EXPECT_EQ(run({"cat", path, dag_.raw("world").to_string()}).out, "world");
  EXPECT_EQ(run({"cat", path, "deep"}).code, ExitCode::kUsage);
  EXPECT_EQ(run({"cat", path, "link"}).code, ExitCode::kUsage);
}

TEST_F(CarCommandsTest, CatOfAFileOfManyBlocksIsWhole) {
  const Bytes content = tests::pseudo_random_bytes(300'000);
  const Cid file = dag_.file(content, {.chunk_size = 1000, .links_max = 20});
  const std::string path = write("big.car", dag_.car(file));
  EXPECT_EQ(run({"cat", path, file.to_string()}).out, as_text(content));
}

TEST_F(CarCommandsTest, CatNeverWritesBytesThatDoNotHash) {
  CarBuilder builder;
  const Cid cid = dag_.raw("right");
  builder.root(cid).section(cid, as_bytes("wrong"));
  const ProgramResult result =
      run({"cat", write("bad.car", builder), cid.to_string()});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr(cid.to_string()));
}

TEST_F(CarCommandsTest, VerifyOfASoundCarSaysSo) {
  const std::string path = small_car();
  const ProgramResult result = run({"verify", path});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_THAT(result.out, HasSubstr(" 0 problems, 0 unverifiable\n"));
  EXPECT_EQ(result.err, "");
}

TEST_F(CarCommandsTest, VerifyNamesEachProblemAndGoesOn) {
  CarBuilder builder;
  const Cid cid = dag_.raw("right");
  builder.root(dag_.raw("absent")).section(cid, as_bytes("wrong"));
  builder.block("fine");
  const std::string bad = write("bad.car", builder);
  const std::string good = small_car();
  const ProgramResult result = run({"verify", bad, good});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_THAT(result.out, HasSubstr(bad + ": " + cid.to_string() + " at "));
  EXPECT_THAT(result.out, HasSubstr("is a root, but no section has it\n"));
  EXPECT_THAT(result.out, HasSubstr(good + ": "));
  EXPECT_EQ(result.err, "dagfs: " + bad + ": 2 problems\n");
}

TEST_F(CarCommandsTest, VerifyRefusesPaddingAndAForeignIndex) {
  CarBuilder padded;
  padded.root(padded.block("x")).zeros(10);
  const ProgramResult piece = run({"verify", write("p.car", padded)});
  EXPECT_EQ(piece.code, ExitCode::kBadData);
  EXPECT_THAT(piece.out, HasSubstr("its length is 0"));

  CarBuilder other;
  other.block("other");
  CarBuilder builder;
  builder.root(builder.block("x"))
      .version2()
      .index_bytes(other.encoded_index(car::IndexCodec::kMultihashIndexSorted));
  const ProgramResult index = run({"verify", write("i.car", builder)});
  EXPECT_EQ(index.code, ExitCode::kBadData);
  EXPECT_THAT(index.out, HasSubstr("index: differs"));
}

TEST_F(CarCommandsTest, IndexWritesWhatOthersRead) {
  CarBuilder builder;
  builder.root(builder.block("x"));
  const std::string path = write("a.car", builder);
  const std::string expected = program_.folder().path("a.idx");
  EXPECT_EQ(run({"index", path}).out, expected + "\n");
  const Bytes index =
      builder.encoded_index(car::IndexCodec::kMultihashIndexSorted);
  EXPECT_EQ(content_of(expected), as_text(index));

  const ProgramResult again = run({"index", path});
  EXPECT_EQ(again.code, ExitCode::kCannotCreate);
  EXPECT_THAT(again.err, HasSubstr("exists already"));
  EXPECT_EQ(run({"index", "--force", path}).code, ExitCode::kOk);
}

TEST_F(CarCommandsTest, IndexOfADamagedCarLeavesNothing) {
  CarBuilder builder;
  builder.root(builder.block("x")).raw(as_bytes("\x50garbage"));
  const std::string path = write("cut.car", builder);
  EXPECT_EQ(run({"index", path}).code, ExitCode::kBadData);
  const std::filesystem::directory_iterator files(program_.folder().path());
  for (const auto& file : files) {
    if (!file.is_regular_file()) continue;
    EXPECT_EQ(file.path().filename(), "cut.car");
  }
}

TEST_F(CarCommandsTest, ExtractRestoresTheTree) {
  const ProgramResult result =
      run({"extract", small_car(), "-o", out_folder()});
  EXPECT_EQ(result.code, ExitCode::kOk);
  EXPECT_EQ(content_of(out_folder() + "/a.txt"), "hello");
  EXPECT_EQ(content_of(out_folder() + "/deep/b.txt"), "world");
  EXPECT_EQ(std::filesystem::read_symlink(out_folder() + "/link"),
            "deep/b.txt");
  struct stat status = {};
  ASSERT_EQ(::stat((out_folder() + "/a.txt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  EXPECT_EQ(status.st_mtim.tv_sec, 7);
  ASSERT_EQ(::stat((out_folder() + "/deep").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0750u);
}

TEST_F(CarCommandsTest, ExtractTakesPathsAndKeepsThem) {
  const std::string path = small_car();
  EXPECT_EQ(run({"extract", path, "-o", out_folder(), "deep/b.txt"}).code,
            ExitCode::kOk);
  EXPECT_EQ(content_of(out_folder() + "/deep/b.txt"), "world");
  EXPECT_FALSE(std::filesystem::exists(out_folder() + "/a.txt"));
}

TEST_F(CarCommandsTest, ExtractNamesARawRootByItsCid) {
  const Cid root = dag_.raw("content");
  const std::string path = write("raw.car", dag_.car(root));
  EXPECT_EQ(run({"extract", path, "-o", out_folder()}).code, ExitCode::kOk);
  EXPECT_EQ(content_of(out_folder() + "/" + root.to_string()), "content");
}

TEST_F(CarCommandsTest, ExtractKeepsExistingFilesUnlessForced) {
  const std::string path = small_car();
  program_.folder().write("out/a.txt", "mine");
  const ProgramResult kept = run({"extract", path, "-o", out_folder()});
  EXPECT_EQ(kept.code, ExitCode::kCannotCreate);
  EXPECT_THAT(kept.err, HasSubstr("a.txt: exists already"));
  EXPECT_EQ(content_of(out_folder() + "/a.txt"), "mine");
  EXPECT_EQ(content_of(out_folder() + "/deep/b.txt"), "world");

  EXPECT_EQ(run({"extract", "--force", path, "-o", out_folder()}).code,
            ExitCode::kOk);
  EXPECT_EQ(content_of(out_folder() + "/a.txt"), "hello");
}

TEST_F(CarCommandsTest, ExtractSaysWhatIsMissingAndGoesOn) {
  DagBuilder elsewhere;
  const Cid here = dag_.raw("here");
  const Cid root =
      dag_.directory({{"gone", elsewhere.raw("gone")}, {"here", here}});
  const std::string path = write("partial.car", dag_.car(root));
  const ProgramResult result = run({"extract", path, "-o", out_folder()});
  EXPECT_EQ(result.code, ExitCode::kBadData);
  EXPECT_THAT(result.err, HasSubstr(": gone: "));
  EXPECT_EQ(content_of(out_folder() + "/here"), "here");
}

TEST_F(CarCommandsTest, ExtractLeavesNoHalfFile) {
  CarBuilder builder;
  const Bytes content = tests::pseudo_random_bytes(100'000);
  const Cid file = dag_.file(content, {.chunk_size = 1000});
  const Cid root = dag_.directory({{"f", file}});
  for (const tests::DagBlock& block : dag_.blocks()) {
    const bool is_broken = &block == &dag_.blocks()[50];
    builder.section(block.cid, is_broken ? as_bytes("broken") : block.bytes);
  }
  const std::string path = write("broken.car", builder.root(root));
  EXPECT_EQ(run({"extract", path, "-o", out_folder()}).code,
            ExitCode::kBadData);
  EXPECT_TRUE(std::filesystem::is_empty(out_folder()));
}

// Names and links that would lead out of the folder.
class HostileExtractTest : public CarCommandsTest {
 protected:
  ProgramResult extract(const Cid& root) {
    const std::string path = write("hostile.car", dag_.car(root));
    return run({"extract", path, "-o", out_folder()});
  }
};

TEST_F(HostileExtractTest, NamesThatLeadElsewhereAreRefused) {
  const Cid file = dag_.raw("evil");
  const Cid root = dag_.directory({{"../up", file},
                                   {"..", file},
                                   {".", file},
                                   {"/abs", file},
                                   {"a/b", file},
                                   {std::string("n\0l", 3), file},
                                   {"", file},
                                   {std::string(256, 'x'), file},
                                   {"good", file}});
  const ProgramResult result = extract(root);
  EXPECT_EQ(result.code, ExitCode::kCannotCreate);
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 8);
  EXPECT_THAT(result.err, testing::Not(HasSubstr("exists already")));
  EXPECT_EQ(content_of(out_folder() + "/good"), "evil");
  EXPECT_FALSE(std::filesystem::exists(program_.folder().path("up")));
  const std::filesystem::directory_iterator files(out_folder());
  EXPECT_EQ(std::distance(files, {}), 1);
}

TEST_F(HostileExtractTest, NothingIsWrittenThroughALink) {
  const std::string outside = program_.folder().path("outside");
  std::filesystem::create_directory(outside);
  const Cid link = dag_.directory({{"x", dag_.symlink(outside)}});
  const Cid through =
      dag_.directory({{"x", dag_.directory({{"f", dag_.raw("evil")}})}});
  const Cid over = dag_.directory({{"x", dag_.raw("evil")}});
  ASSERT_EQ(extract(link).code, ExitCode::kOk);
  for (const Cid& root : {through, over}) {
    const ProgramResult result = extract(root);
    EXPECT_EQ(result.code, ExitCode::kCannotCreate);
    EXPECT_THAT(result.err, HasSubstr("exists already"));
  }
  const std::string path = write("over.car", dag_.car(over));
  EXPECT_EQ(run({"extract", "--force", path, "-o", out_folder()}).code,
            ExitCode::kOk);
  EXPECT_FALSE(std::filesystem::is_symlink(out_folder() + "/x"));
  EXPECT_TRUE(std::filesystem::is_empty(outside));
}

TEST_F(HostileExtractTest, TargetWithANulIsNotCutShort) {
  const std::string_view target("a.txt\0b", 7);
  const Cid root = dag_.directory({{"x", dag_.symlink(target)}});
  const ProgramResult result = extract(root);
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
  EXPECT_THAT(result.err, HasSubstr(": x: a link's target with a NUL"));
  EXPECT_TRUE(std::filesystem::is_empty(out_folder()));
}

TEST_F(HostileExtractTest, SetUserIdBitsAreNotRestored) {
  const Cid root = dag_.directory({{"f", dag_.file("x", {.mode = 04777})}});
  ASSERT_EQ(extract(root).code, ExitCode::kOk);
  struct stat status = {};
  ASSERT_EQ(::stat((out_folder() + "/f").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0777u);
}

TEST_F(HostileExtractTest, EndlesslyDeepFoldersEnd) {
  Cid folder = dag_.directory({});
  for (int i = 0; i < 600; ++i) folder = dag_.directory({{"d", folder}});
  const ProgramResult result = extract(folder);
  EXPECT_EQ(result.code, ExitCode::kUnavailable);
  EXPECT_THAT(result.err, HasSubstr("too many folders deep"));
}

TEST_F(HostileExtractTest, ControlCharactersDoNotReachTheTerminal) {
  const Cid root = dag_.directory({{"a\x1b[31m\n", dag_.raw("x")}});
  const std::string path = write("ctl.car", dag_.car(root));
  EXPECT_THAT(run({"ls", path}).out, HasSubstr("a\\x1b[31m\\x0a\n"));
}

}  // namespace
}  // namespace dagfs::tools
