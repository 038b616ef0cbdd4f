// SPDX-License-Identifier: Apache-2.0 OR MIT

// Every foreign CAR shows what independent readers say is in it.

#include "tests/support/fixtures.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/sha.h>

#include <charconv>
#include <map>
#include <set>
#include <string>

#include "fs/nodes/name_escape.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::HasSubstr;
using tests::attribute_of;
using tests::Fixture;
using tests::IsOkAnd;
using tests::Validity;

// A made file claims 10 GiB; reading it all adds nothing.
constexpr std::uint64_t kReadMax = std::uint64_t{16} << 20;

std::string sha256(ByteView bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         digest.data());
  return to_hex(std::as_bytes(std::span(digest)));
}

// Undoes the %XX of the tables, which has nothing to do with how names are
// shown.
std::string unquote(std::string_view text) {
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      raw += text[i];
      continue;
    }
    unsigned byte = 0;
    std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    raw += static_cast<char>(byte);
    i += 2;
  }
  return raw;
}

// One line of expected/NAME.tree.tsv.
struct Row {
  std::string path;
  std::string type;
  std::string size;
  std::string digest;
  std::string mode;
  std::string mtime;
  std::string cid;
  std::string note;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.path << " (" << row.type << ", " << row.note << ")";
}

// Readers agree on no answer for directories that contradict themselves.
bool is_odd(const Row& row) {
  for (const char* odd :
       {"bad fanout", "misplaced", "shard link to directory"}) {
    if (row.note.find(odd) != std::string::npos) return true;
  }
  return false;
}

// Compares a tree, row by row, with the nodes below roots/.
class TreeComparison {
 public:
  TreeComparison(NodePtr roots, const tests::ExpectedTable& table)
      : roots_(std::move(roots)) {
    const auto& cids = table.heading.find("roots")->second;
    for (std::size_t i = 1; i < cids.size(); ++i) {
      const auto node = roots_->lookup(cids[i]);
      if (node.ok() && *node) nodes_["root" + std::to_string(i - 1)] = *node;
    }
    for (const auto& cells : table.rows) {
      rows_.push_back({cells[0], cells[1], cells[2], cells[3], cells[4],
                       cells[5], cells[6], cells[7]});
      const std::size_t slash = cells[0].rfind('/');
      if (slash == std::string::npos) continue;
      children_[cells[0].substr(0, slash)].insert(
          unquote(cells[0].substr(slash + 1)));
    }
  }

  void run() {
    for (const Row& row : rows_) {
      const NodePtr node = find(row.path);
      ASSERT_TRUE(node) << row;
      compare(*node, row);
    }
  }

 private:
  // The node at a path of the table.
  NodePtr find(const std::string& path) {
    const auto known = nodes_.find(path);
    if (known != nodes_.end()) return known->second;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return nullptr;
    const NodePtr parent = find(path.substr(0, slash));
    if (!parent) return nullptr;
    const std::string raw = unquote(path.substr(slash + 1));
    auto child = parent->lookup(show_name(raw));
    return nodes_[path] = child.ok() ? *child : nullptr;
  }

  void compare(const Node& node, const Row& row) {
    const auto attributes = node.attributes();
    ASSERT_TRUE(attributes.ok()) << row;
    EXPECT_EQ(attribute_of(node, "user.ipfs.cid"), row.cid) << row;
    compare_stamp(*attributes, row);
    if (row.type == "dir" || row.type == "hamt") {
      compare_directory(node, *attributes, row);
    } else if (row.type == "missing" || row.type == "corrupt") {
      compare_missing(node, *attributes, row);
    } else if (row.type == "symlink") {
      compare_symlink(node, *attributes, row);
    } else if (row.type == "file-incomplete") {
      EXPECT_EQ(std::to_string(attributes->size), row.size) << row;
      EXPECT_FALSE(tests::read_all(node).ok()) << row;
      compare_absent(node, row);
    } else if (attributes->type == NodeType::kDirectory ||
               row.type == "dag-cbor" || row.type == "dag-json") {
      compare_decoded(node, *attributes, row);
    } else {
      compare_file(node, *attributes, row);
    }
  }

  static void compare_stamp(const Attributes& attributes, const Row& row) {
    if (row.mode != "-") {
      EXPECT_EQ(attributes.permissions,
                std::stoull(row.mode, nullptr, 8) & 07777U)
          << row;
    }
    if (row.mtime == "-") return;
    EXPECT_EQ(attributes.mtime.tv_sec, std::stoll(row.mtime)) << row;
  }

  static void compare_file(const Node& node, const Attributes& attributes,
                           const Row& row) {
    EXPECT_EQ(attributes.type, NodeType::kFile) << row;
    if (attributes.size > kReadMax) {
      EXPECT_EQ(std::to_string(attributes.size), row.size) << row;
      return;
    }
    const auto content = tests::read_all(node);
    if (content.ok()) {
      EXPECT_EQ(std::to_string(attributes.size), row.size) << row;
      EXPECT_EQ(sha256(*content), row.digest) << row;
      return;
    }
    // Readers leave out what is no file below a file, and go on; we fail. Of
    // what nobody here can check no byte may be shown.
    EXPECT_TRUE(content.error().code() == ErrorCode::kUnsupported ||
                row.note.find("INCONSISTENT") != std::string::npos)
        << row << ": " << content.error().message();
  }

  static void compare_missing(const Node& node, const Attributes& attributes,
                              const Row& row) {
    EXPECT_EQ(attributes.type, NodeType::kFile) << row;
    EXPECT_FALSE(tests::read_all(node).ok()) << row;
    EXPECT_THAT(attribute_of(node, "user.dagfs.error"), HasSubstr(row.cid))
        << row;
  }

  // "INCOMPLETE 1 absent: missing:CID": the first is the one to be told.
  static void compare_absent(const Node& node, const Row& row) {
    constexpr std::string_view kMark = "missing:";
    const std::size_t mark = row.note.find(kMark);
    if (mark == std::string::npos) return;
    const std::string rest = row.note.substr(mark + kMark.size());
    EXPECT_THAT(attribute_of(node, "user.dagfs.error"),
                HasSubstr(rest.substr(0, rest.find_first_of(",;"))))
        << row;
  }

  static void compare_symlink(const Node& node, const Attributes& attributes,
                              const Row& row) {
    EXPECT_EQ(attributes.type, NodeType::kSymlink) << row;
    EXPECT_EQ(std::to_string(attributes.size), row.size) << row;
    const auto target = node.read_link();
    if (target.ok()) {
      EXPECT_EQ(sha256(as_bytes(*target)), row.digest) << row;
    }
  }

  void compare_directory(const Node& node, const Attributes& attributes,
                         const Row& row) {
    EXPECT_EQ(attributes.type, NodeType::kDirectory) << row;
    if (is_odd(row)) return;
    const tests::Listing listing = tests::list(node, 100);
    const bool lacks_shards =
        row.note.find("missing shard") != std::string::npos;
    EXPECT_EQ(listing.error.has_value(), lacks_shards) << row;
    // Where a directory is repeated its entries are listed once.
    if (row.note.find("same-as") != std::string::npos) return;
    std::set<std::string> names;
    for (const std::string& name : listing.names()) {
      EXPECT_TRUE(names.insert(name).second) << row << name;
    }
    std::set<std::string> expected;
    for (const std::string& raw : children_[row.path]) {
      expected.insert(show_name(raw));
    }
    EXPECT_EQ(names, expected) << row;
  }

  // Its bytes are compared under blocks/; here, that it can be looked into.
  static void compare_decoded(const Node& node, const Attributes& attributes,
                              const Row& row) {
    if (attribute_of(node, "user.dagfs.error") != "" ||
        row.note.starts_with("decode error")) {
      compare_file(node, attributes, row);
    } else if (attributes.type == NodeType::kDirectory) {
      const auto json = node.lookup(".node.json");
      ASSERT_TRUE(json.ok() && *json) << row;
      EXPECT_TRUE(tests::read_all(**json).ok()) << row;
    } else {
      EXPECT_TRUE(tests::read_all(node).ok()) << row;
    }
  }

  const NodePtr roots_;
  std::vector<Row> rows_;
  std::map<std::string, NodePtr> nodes_;  // By path of the table.
  std::map<std::string, std::set<std::string>> children_;
};

// A piece may end with zeros, which strict readers refuse.
bool is_readable(const Fixture& fixture) {
  return fixture.validity == Validity::kOk ||
         fixture.validity == Validity::kBadHash ||
         fixture.status.find("zero-length section") != std::string::npos;
}

// All of them in one dagstore, so that the broken ones are seen to leave the
// others alone.
class Fixtures : public TreeFixture {
 protected:
  void SetUp() override {
    DAGFS_SKIP_WITHOUT_FIXTURES();
    std::vector<dagstore::Dagstore::Registration> shards;
    for (const Fixture& fixture : tests::fixtures()) {
      shards.push_back({dagstore::ShardKey::parse(fixture.name).value(),
                        "file://" + url_path(fixture.car.string())});
    }
    ASSERT_TRUE(store->register_shards(shards).ok());
  }

  // Names of fixtures have '^' and '%' in them.
  static std::string url_path(const std::string& path) {
    std::string url;
    for (const char c : path) {
      if (c == '%' || c == '^') {
        url += fmt::format("%{:02X}", static_cast<unsigned char>(c));
      } else {
        url += c;
      }
    }
    return url;
  }

  NodePtr folder_of(const Fixture& fixture, std::string_view name) const {
    return at("shards/" + fixture.name + "/" + std::string(name));
  }

  void compare_blocks(const Fixture& fixture,
                      const tests::ExpectedTable& table) const;
};

// The right copies of the block under each CID: none, where all are bad.
std::map<std::string, std::vector<Bytes>> right_blocks(
    const tests::ExpectedTable& table, const Bytes& piece) {
  std::map<std::string, std::vector<Bytes>> right;
  for (const auto& cells : table.rows) {
    std::vector<Bytes>& copies = right[cells[5]];
    const car::Cid cid = car::Cid::parse(cells[5]).value();
    if (cid.is_identity()) {
      const ByteView inside = cid.multihash().digest;
      copies.emplace_back(inside.begin(), inside.end());
    } else if (cells[10].starts_with("ok")) {
      const auto start = piece.begin() + std::stoll(cells[3]);
      copies.emplace_back(start, start + std::stoll(cells[4]));
    }
  }
  return right;
}

void Fixtures::compare_blocks(const Fixture& fixture,
                              const tests::ExpectedTable& table) const {
  const NodePtr blocks = folder_of(fixture, "blocks");
  std::vector<std::string> expected;
  std::set<std::string> seen;
  for (const auto& cells : table.rows) {
    if (seen.insert(cells[5]).second) expected.push_back(show_name(cells[5]));
  }
  const tests::Listing listing = tests::list(*blocks, 400);
  EXPECT_FALSE(listing.error);
  ASSERT_EQ(listing.names(), expected);
  const Bytes piece = tests::read_file(fixture.car).value();
  for (const auto& [cid, copies] : right_blocks(table, piece)) {
    const auto node = blocks->lookup(show_name(cid));
    ASSERT_TRUE(node.ok() && *node) << cid;
    const auto content = tests::read_all(**node, 1 << 20);
    if (content.ok()) {
      EXPECT_THAT(copies, testing::Contains(*content)) << cid;
    } else {
      EXPECT_TRUE(copies.empty() ||
                  content.error().code() == ErrorCode::kUnsupported)
          << cid << ": " << content.error().message();
    }
  }
}

TEST_F(Fixtures, BlocksAreThoseOfIndependentReaders) {
  std::size_t compared = 0;
  for (const Fixture& fixture : tests::fixtures()) {
    if (!is_readable(fixture)) continue;
    SCOPED_TRACE(fixture.name);
    const auto table = tests::expected_table(fixture, "blocks");
    ASSERT_TRUE(table.ok());
    if (!*table) continue;
    compare_blocks(fixture, **table);
    ++compared;
  }
  EXPECT_GT(compared, 180U);
}

TEST_F(Fixtures, MalformedOnesAreErrorsAndNothingElse) {
  for (const Fixture& fixture : tests::fixtures()) {
    if (is_readable(fixture) || fixture.validity != Validity::kError) continue;
    SCOPED_TRACE(fixture.name);
    EXPECT_FALSE(folder_of(fixture, "roots")->open_directory().ok());
    EXPECT_FALSE(folder_of(fixture, "blocks")->open_directory().ok());
    const NodePtr shard = at("shards/" + fixture.name);
    EXPECT_NE(attribute_of(*shard, "user.dagfs.error"), "");
    EXPECT_EQ(attribute_of(*shard, "user.dagfs.state"), "ShardStateErrored");
    EXPECT_THAT(tests::read_all(*folder_of(fixture, "piece.car")),
                IsOkAnd(tests::read_file(fixture.car).value()));
  }
}

// A fourth of the trees each, so that they are compared side by side.
class FixtureTrees : public Fixtures,
                     public testing::WithParamInterface<std::size_t> {
 protected:
  static constexpr std::size_t kParts = 4;
};

TEST_P(FixtureTrees, AreThoseOfIndependentReaders) {
  std::size_t compared = 0;
  for (std::size_t i = GetParam(); i < tests::fixtures().size(); i += kParts) {
    const Fixture& fixture = tests::fixtures()[i];
    if (!is_readable(fixture)) continue;
    SCOPED_TRACE(fixture.name);
    const auto table = tests::expected_table(fixture, "tree");
    ASSERT_TRUE(table.ok());
    if (!*table) continue;
    TreeComparison(folder_of(fixture, "roots"), **table).run();
    ++compared;
  }
  EXPECT_GT(compared, 40U);
}

INSTANTIATE_TEST_SUITE_P(Parts, FixtureTrees,
                         testing::Range<std::size_t>(0, 4));

}  // namespace
}  // namespace dagfs::fs
