// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/tree_importer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "car/unixfs/directory_reader.h"
#include "car/unixfs/limits.h"
#include "tests/support/dag_builder.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::car {
namespace {

namespace stdfs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::DagBuilder;
using tests::FailsWith;
using tests::MemorySink;
using tests::TemporaryFolder;

Result<ImportedTree> import(const std::string& path,
                            const TreeImportOptions& options = {}) {
  MemorySink sink;
  HashPool pool(2);
  auto imported = import_tree(path, options, sink, &pool);
  EXPECT_EQ(sink.complaint(), "");
  return imported;
}

// A folder with a file, a hidden one, a link, an empty folder and a deep one.
void write_sample(const TemporaryFolder& folder) {
  folder.write("tree/a.txt", "alpha\n");
  folder.write("tree/.hidden", "secret");
  folder.write("tree/sub/deep/b", "beta");
  stdfs::create_directory(folder.path("tree/empty"));
  stdfs::create_symlink("../a.txt", folder.path("tree/sub/link"));
}

Cid sample_root(DagBuilder* dag, bool with_hidden) {
  const Cid deep = dag->directory({{"b", dag->raw("beta")}});
  const Cid sub =
      dag->directory({{"deep", deep}, {"link", dag->symlink("../a.txt")}});
  std::vector<tests::DagLink> entries = {{"a.txt", dag->raw("alpha\n")},
                                         {"empty", dag->directory({})},
                                         {"sub", sub}};
  if (with_hidden) entries.push_back({".hidden", dag->raw("secret")});
  return dag->directory(entries);
}

TEST(TreeImporter, DirectoryWithAllKinds) {
  const TemporaryFolder folder;
  write_sample(folder);
  DagBuilder dag;
  const auto imported = import(folder.path("tree"));
  ASSERT_TRUE(imported.ok()) << imported.error().message();
  EXPECT_EQ(imported->root.cid, sample_root(&dag, true));
  EXPECT_EQ(imported->total,
            (ImportProgress{
                .bytes = 16, .files = 3, .directories = 4, .symlinks = 1}));
}

TEST(TreeImporter, HiddenNamesCanBeLeftOut) {
  const TemporaryFolder folder;
  write_sample(folder);
  // That of the path itself is none of them.
  stdfs::rename(folder.path("tree"), folder.path(".tree"));
  DagBuilder dag;
  const auto imported =
      import(folder.path(".tree"), {.hidden = HiddenFiles::kSkip});
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported->root.cid, sample_root(&dag, false));
}

TEST(TreeImporter, SlashAtTheEndDoesNotMatter) {
  const TemporaryFolder folder;
  write_sample(folder);
  EXPECT_EQ(import(folder.path("tree/"))->root.cid,
            import(folder.path("tree"))->root.cid);
}

TEST(TreeImporter, FileByItself) {
  const TemporaryFolder folder;
  DagBuilder dag;
  const auto imported = import(folder.write("file", "content"));
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported->root.cid, dag.raw("content"));
  EXPECT_EQ(imported->root.size, 7U);
}

TEST(TreeImporter, FileOfManyChunks) {
  const TemporaryFolder folder;
  const Bytes content = tests::pseudo_random_bytes(5'000'001);
  const std::string path = folder.write("file", as_text(content));
  DagBuilder dag;
  EXPECT_EQ(import(path)->root.cid,
            dag.file(content, {.chunk_size = 1 << 20, .links_max = 1024}));
}

// Small files are put together, but nothing overtakes them.
TEST(TreeImporter, LargeFilesBetweenManySmall) {
  const TemporaryFolder folder;
  TreeImportOptions options;
  options.profile.chunk_size = 100;
  options.profile.shard_threshold = 5000;
  DagBuilder dag;
  std::vector<tests::DagLink> entries;
  std::vector<Cid> files;
  for (std::uint64_t i = 0; i < 400; ++i) {
    const Bytes content = tests::pseudo_random_bytes(i % 50 == 7 ? 950 : i, i);
    const std::string name = std::to_string(1000 + i);
    folder.write("tree/" + name, as_text(content));
    const auto file = dag.file(content, {.chunk_size = 100, .links_max = 1024});
    entries.push_back({name, file});
    files.push_back(file);
  }
  MemorySink sink;
  HashPool pool(2);
  const auto imported = import_tree(folder.path("tree"), options, sink, &pool);
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported->root.cid, dag.sharded_directory(entries));
  EXPECT_EQ(sink.complaint(), "");
  std::vector<Cid> roots;
  for (const auto& block : sink.blocks()) {
    if (std::ranges::count(files, block.cid) != 0) roots.push_back(block.cid);
  }
  EXPECT_EQ(roots, files);
}

TEST(TreeImporter, MoreSmallFilesThanAreHeldBack) {
  const TemporaryFolder folder;
  for (int i = 0; i < 4100; ++i) {
    folder.write("tree/" + std::to_string(i), std::to_string(i % 10));
  }
  const auto imported = import(folder.path("tree"));
  ASSERT_TRUE(imported.ok());
  EXPECT_EQ(imported->total.files, 4100U);
}

TEST(TreeImporter, SymlinkIsNotFollowed) {
  const TemporaryFolder folder;
  write_sample(folder);
  stdfs::create_directory_symlink("tree", folder.path("link"));
  DagBuilder dag;
  EXPECT_EQ(import(folder.path("link"))->root.cid, dag.symlink("tree"));
}

TEST(TreeImporter, AttributesAreKeptWhereAsked) {
  const TemporaryFolder folder;
  const std::string file = folder.write("tree/run", "#!");
  ASSERT_EQ(::chmod(file.c_str(), 0751), 0);
  ASSERT_EQ(::chmod(folder.path("tree").c_str(), 0700), 0);
  const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0},
                             {.tv_sec = 1'700'000'000, .tv_nsec = 5}};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  ASSERT_EQ(::utimensat(AT_FDCWD, folder.path("tree").c_str(), times, 0), 0);

  MemorySink sink;
  TreeImportOptions options;
  options.profile.keeps_mode = options.profile.keeps_mtime = true;
  const auto imported =
      import_tree(folder.path("tree"), options, sink, nullptr);
  ASSERT_TRUE(imported.ok());
  std::vector<std::uint32_t> modes;
  for (const auto& block : sink.blocks()) {
    const auto node =
        DagPbNode::decode(std::make_shared<const Bytes>(block.bytes));
    const UnixfsNode unixfs = parse_unixfs_node(*node->data()).value();
    modes.push_back(unixfs.mode.value());
    EXPECT_EQ(unixfs.mtime, (UnixfsTime{1'700'000'000, 5}));
  }
  EXPECT_THAT(modes, ElementsAre(0751, 0700));
}

TEST(TreeImporter, BlocksComeInTheSameOrderWhereverItLies) {
  const auto blocks_of = [](const std::vector<std::string>& order) {
    const TemporaryFolder folder;
    for (const std::string& name : order) folder.write("tree/" + name, name);
    MemorySink sink;
    HashPool pool(2);
    EXPECT_TRUE(import_tree(folder.path("tree"), {}, sink, &pool).ok());
    std::vector<Cid> cids;
    for (const auto& block : sink.blocks()) cids.push_back(block.cid);
    return cids;
  };
  EXPECT_EQ(blocks_of({"a", "b/x", "c", "b/a", "Z"}),
            blocks_of({"Z", "c", "b/a", "a", "b/x"}));
}

TEST(TreeImporter, AbsentPathIsNotFound) {
  const TemporaryFolder folder;
  const auto imported = import(folder.path("nothing"));
  ASSERT_THAT(imported, FailsWith(ErrorCode::kNotFound));
  EXPECT_THAT(imported.error().message(), HasSubstr("nothing"));
}

TEST(TreeImporter, FifoIsRefusedOrSkipped) {
  const TemporaryFolder folder;
  write_sample(folder);
  const std::string fifo = folder.path("tree/sub/fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto refused = import(folder.path("tree"));
  ASSERT_THAT(refused, FailsWith(ErrorCode::kUnsupported));
  EXPECT_THAT(refused.error().message(), HasSubstr(fifo));

  std::vector<std::string> skipped;
  TreeImportOptions options{.special = SpecialFiles::kSkip};
  options.skipped = [&](std::string_view path) { skipped.emplace_back(path); };
  const auto imported = import(folder.path("tree"), options);
  ASSERT_TRUE(imported.ok());
  DagBuilder dag;
  EXPECT_EQ(imported->root.cid, sample_root(&dag, true));
  EXPECT_THAT(skipped, ElementsAre(fifo));
  EXPECT_EQ(imported->total.skipped, 1U);
  // With nothing else there is no root.
  EXPECT_THAT(import(fifo, options), FailsWith(ErrorCode::kUnsupported));
}

// Changes the tree when the import has got to `files` files.
TreeImportOptions when_at(std::uint64_t files, std::function<void()> change) {
  TreeImportOptions options;
  options.progress = [files, change = std::move(change),
                      done = false](const ImportProgress& progress) mutable {
    if (done || progress.files < files) return;
    done = true;
    change();
  };
  return options;
}

TEST(TreeImporter, FileThatGrowsWhileItIsReadIsStale) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("file", std::string(std::size_t{3} << 20, 'x'));
  const auto imported = import(
      path, when_at(0, [&] { std::ofstream(path, std::ios::app) << "more"; }));
  ASSERT_THAT(imported, FailsWith(ErrorCode::kStale));
  EXPECT_THAT(imported.error().message(), HasSubstr(path));
}

TEST(TreeImporter, FileThatShrinksWhileItIsReadIsStale) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("file", std::string(std::size_t{3} << 20, 'x'));
  EXPECT_THAT(import(path, when_at(0, [&] { stdfs::resize_file(path, 9); })),
              FailsWith(ErrorCode::kStale));
}

TEST(TreeImporter, EntryThatGoesAwayIsStale) {
  const TemporaryFolder folder;
  write_sample(folder);
  EXPECT_THAT(
      import(folder.path("tree"),
             when_at(2, [&] { stdfs::remove_all(folder.path("tree/sub")); })),
      FailsWith(ErrorCode::kStale));
}

TEST(TreeImporter, DirectoryThatGetsAnEntryIsStale) {
  const TemporaryFolder folder;
  write_sample(folder);
  EXPECT_THAT(import(folder.path("tree"),
                     when_at(3, [&] { folder.write("tree/new", "!"); })),
              FailsWith(ErrorCode::kStale));
}

TEST(TreeImporter, FileThatBecameALinkIsNotFollowed) {
  const TemporaryFolder folder;
  write_sample(folder);
  const std::string outside = folder.write("outside", "secret");
  const auto imported = import(
      folder.path("tree"), when_at(2, [&] {
        stdfs::remove_all(folder.path("tree/sub/deep"));
        stdfs::create_directory_symlink("/", folder.path("tree/sub/deep"));
      }));
  // Either it was a link when it was first looked at, or it is stale; the
  // folder it leads to was not read.
  if (imported.ok()) {
    EXPECT_EQ(imported->total.symlinks, 2U);
  } else {
    EXPECT_EQ(imported.error().code(), ErrorCode::kStale);
  }
}

TEST(TreeImporter, StopsWhenAsked) {
  const TemporaryFolder folder;
  write_sample(folder);
  std::stop_source source;
  TreeImportOptions options;
  options.stop = source.get_token();
  options.progress = [&](const ImportProgress&) { source.request_stop(); };
  EXPECT_THAT(import(folder.path("tree"), options),
              FailsWith(ErrorCode::kUnavailable));
}

TEST(TreeImporter, TooManyLevelsAreExhausted) {
  const TemporaryFolder folder;
  std::string path = folder.path("d");
  const std::string top = path;
  // By steps, since a path that long is no argument of a system call.
  UniqueFd fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY));
  for (std::size_t i = 0; i <= kTreeDepthMax; ++i) {
    ASSERT_EQ(::mkdirat(fd.get(), "d", 0700), 0);
    fd = UniqueFd(::openat(fd.get(), "d", O_RDONLY | O_DIRECTORY));
  }
  EXPECT_THAT(import(top), FailsWith(ErrorCode::kExhausted));
}

TEST(TreeImporter, UnreadableFileIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "x");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const auto imported = import(path);
  ASSERT_THAT(imported, FailsWith(ErrorCode::kIo));
  EXPECT_THAT(imported.error().message(), HasSubstr(path));
}

TEST(TreeImporter, ErrorOfTheSinkIsPassedOn) {
  const TemporaryFolder folder;
  write_sample(folder);
  for (std::uint64_t at = 0; at < 8; ++at) {
    MemorySink sink;
    sink.fail_from(at, Error(ErrorCode::kIo, "the disk says no"));
    EXPECT_THAT(import_tree(folder.path("tree"), {}, sink, nullptr),
                FailsWith(ErrorCode::kIo))
        << at;
  }
}

}  // namespace
}  // namespace dagfs::car
