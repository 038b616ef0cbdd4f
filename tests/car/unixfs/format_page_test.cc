// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked examples of docs/formats/unixfs.md are right.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "car/base/bytes.h"
#include "car/unixfs/hamt.h"
#include "tests/support/dag_builder.h"
#include "tests/support/fixtures.h"

namespace dagfs::car {
namespace {

using testing::Contains;
using tests::DagBuilder;

std::vector<std::string> page() {
  const std::filesystem::path source = DAGFS_SOURCE_DIR;
  return tests::read_lines(source / "docs/formats/unixfs.md").value();
}

// The digits of the block fenced as "hex"; two spaces begin a remark.
std::string hex_block(const std::vector<std::string>& lines) {
  std::string digits;
  bool is_inside = false;
  for (const std::string& line : lines) {
    if (line.starts_with("```")) {
      is_inside = line == "```hex";
      continue;
    }
    if (!is_inside) continue;
    for (const char c : line.substr(0, line.find("  "))) {
      if (c != ' ') digits.push_back(c);
    }
  }
  return digits;
}

TEST(UnixfsPage, FileExampleIsWhatTheBuilderWrites) {
  DagBuilder dag;
  const Cid hello = dag.raw("hello ");
  const Cid world = dag.raw("world");
  const Cid root =
      dag.node({{"", hello}, {"", world}},
               UnixfsNode{.type = UnixfsType::kFile,
                          .data = as_bytes("> "),
                          .file_size = 13,
                          .block_sizes = {6, 5},
                          .mode = 0640,
                          .mtime = UnixfsTime{1'700'000'000, 500'000'000}});
  const auto lines = page();
  EXPECT_EQ(hex_block(lines), to_hex(dag.blocks().back().bytes));
  EXPECT_THAT(lines, Contains(testing::HasSubstr(root.to_string())));
}

TEST(UnixfsPage, HashTableIsRight) {
  const auto lines = page();
  for (const char* name : {"alpha", "beta", "hello.txt"}) {
    const std::uint64_t hash = hamt_hash(name);
    const auto slots = [&](std::uint64_t fanout) {
      const HamtFanout shape(fanout);
      std::string text;
      for (unsigned level = 0; level < 3; ++level) {
        if (level > 0) text += ", ";
        text += shape.prefix(*shape.slot(hash, level * *shape.bits()));
      }
      return text;
    };
    EXPECT_THAT(lines,
                Contains(fmt::format("| `{}` | {:016x} | {} ... | {} ... |",
                                     name, hash, slots(256), slots(8))));
  }
}

}  // namespace
}  // namespace dagfs::car
