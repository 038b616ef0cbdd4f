// SPDX-License-Identifier: Apache-2.0 OR MIT

// Every UnixFS row of the fixtures' trees, read with our readers.

#include "tests/support/fixtures.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "car/base/file.h"
#include "car/ipld/dag_pb.h"
#include "car/ipld/multihash.h"
#include "car/read_only_blockstore.h"
#include "car/unixfs/directory_reader.h"
#include "car/unixfs/file_layout.h"
#include "car/unixfs/unixfs_node.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::FailsWith;
using tests::Fixture;
using tests::IsOkAnd;

// Columns of the tree tables.
struct TreeRow {
  std::string path;
  std::string type;
  std::string size;
  std::string sha256;
  std::string mode;
  std::string mtime;
  Cid cid;
  std::string note;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::vector<TreeRow> load_tree(const Fixture& fixture) {
  std::vector<TreeRow> rows;
  const auto table = tests::expected_table(fixture, "tree").value();
  if (!table) return rows;
  for (const auto& row : table->rows) {
    const auto cid = Cid::parse(row[6]);
    if (!cid.ok()) continue;
    rows.push_back({row[0], row[1], row[2], row[3], row[4], row[5], *cid,
                    row.size() > 7 ? row[7] : "-"});
  }
  return rows;
}

std::string escape(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c > 0x20 && c < 0x7f && c != '%' && c != '/') {
      text.push_back(c);
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

// All bytes, the way they go out: by their place in the CAR.
Result<Bytes> read_all(const RandomAccessFile& car, FileLayout* layout) {
  std::vector<FileExtent> extents;
  DAGFS_TRY(layout->map({0, layout->size()}, &extents));
  Bytes content;
  for (const FileExtent& extent : extents) {
    EXPECT_EQ(extent.offset, content.size());
    content.resize(content.size() + extent.size);
    const auto out = std::span(content).last(extent.size);
    if (extent.bytes == nullptr) {
      DAGFS_TRY(car.read_at(extent.block.offset + extent.block_offset, out));
    } else {
      std::ranges::copy(
          ByteView(*extent.bytes).subspan(extent.block_offset, extent.size),
          out.begin());
    }
  }
  return content;
}

// Checks one CAR.
class TreeCheck {
 public:
  TreeCheck(const ReadOnlyBlockstore& source, std::vector<TreeRow> rows)
      : source_(source), rows_(std::move(rows)) {
    for (const TreeRow& row : rows_) {
      const auto slash = row.path.rfind('/');
      if (slash == std::string::npos) continue;
      children_[row.path.substr(0, slash)].emplace(row.path.substr(slash + 1),
                                                   row.cid.to_string());
    }
  }

  void run() {
    for (const TreeRow& row : rows_) {
      SCOPED_TRACE(row.path + " " + row.type + " " + row.note);
      if (row.type == "file" || row.type == "file-incomplete") {
        check_file(row);
      } else if (row.type == "dir" || row.type == "hamt") {
        check_directory(row);
      } else if (row.type != "symlink") {
        continue;
      }
      check_attributes(row);
    }
  }

 private:
  void check_file(const TreeRow& row) {
    auto layout = FileLayout::open(source_, row.cid);
    const bool is_inconsistent = contains(row.note, "INCONSISTENT");
    if (is_inconsistent && !layout.ok()) return;
    ASSERT_TRUE(layout.ok()) << layout.error().message();
    const auto content = read_all(source_.file(), layout->get());
    if (is_inconsistent && !content.ok()) return;
    EXPECT_EQ(std::to_string((*layout)->size()), row.size);
    if (row.type == "file-incomplete") {
      EXPECT_THAT(content, FailsWith(ErrorCode::kNotFound));
      return;
    }
    ASSERT_TRUE(content.ok()) << content.error().message();
    EXPECT_EQ(to_hex(hash_bytes(HashCode::kSha2_256, *content).value()),
              row.sha256);
  }

  void check_attributes(const TreeRow& row) {
    if (row.cid.codec() != Codec::kDagPb) return;
    const Block block = source_.get(row.cid).value();
    const auto node = DagPbNode::decode(block);
    ASSERT_TRUE(node.ok()) << node.error().message();
    const auto unixfs = parse_unixfs_node(node->data().value());
    ASSERT_TRUE(unixfs.ok()) << unixfs.error().message();
    EXPECT_EQ(unixfs->mode ? fmt::format("{:04o}", *unixfs->mode) : "-",
              row.mode);
    std::string mtime = "-";
    if (unixfs->mtime) {
      mtime = std::to_string(unixfs->mtime->seconds);
      const auto nanoseconds = unixfs->mtime->nanoseconds;
      if (nanoseconds) mtime += fmt::format(".{:09}", *nanoseconds);
    }
    EXPECT_EQ(mtime, row.mtime);
    if (row.type != "symlink") return;
    EXPECT_EQ(unixfs->type, UnixfsType::kSymlink);
    EXPECT_EQ(std::to_string(unixfs->data.size()), row.size);
    EXPECT_EQ(to_hex(hash_bytes(HashCode::kSha2_256, unixfs->data).value()),
              row.sha256);
  }

  void check_directory(const TreeRow& row) {
    const auto reader = DirectoryReader::open(source_, row.cid);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    std::set<std::pair<std::string, std::string>> listed;
    const Status status = (*reader)->list(0, [&](const DirectoryEntry& entry) {
      const Cid cid = Cid::from_bytes(entry.cid.bytes).value();
      EXPECT_TRUE(listed.emplace(escape(entry.name), cid.to_string()).second);
      EXPECT_THAT((*reader)->lookup(entry.name),
                  IsOkAnd(testing::Optional(cid)));
      return true;
    });
    EXPECT_THAT((*reader)->lookup("no such name"),
                status.ok()
                    ? testing::Matcher<const Result<std::optional<Cid>>&>(
                          IsOkAnd(testing::Eq(std::nullopt)))
                    : testing::_);
    EXPECT_EQ(status.ok(), !contains(row.note, " shard baf")) << row.note;
    if (contains(row.note, "same-as")) return;
    EXPECT_EQ(listed, children_[row.path]);
  }

  const ReadOnlyBlockstore& source_;
  const std::vector<TreeRow> rows_;
  // By the path of the directory: names and CIDs.
  std::map<std::string, std::set<std::pair<std::string, std::string>>>
      children_;
};

TEST(UnixfsFixtures, ReadAsIndependentReadersDo) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  for (const Fixture& fixture : tests::fixtures()) {
    if (fixture.validity != tests::Validity::kOk &&
        fixture.validity != tests::Validity::kBadHash) {
      continue;
    }
    SCOPED_TRACE(fixture.name);
    auto file = PosixFile::open(fixture.car.string());
    ASSERT_TRUE(file.ok()) << file.error().message();
    const auto car = tests::index_car(*std::move(file));
    ASSERT_TRUE(car.ok()) << car.error().message();
    TreeCheck(*car->blockstore(), load_tree(fixture)).run();
  }
}

}  // namespace
}  // namespace dagfs::car
