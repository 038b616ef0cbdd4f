// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/node_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "car/unixfs/limits.h"
#include "tests/support/memory_sink.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using tests::FailsWith;
using tests::MemorySink;

UnixfsNode only_node(const MemorySink& sink) {
  static Block block;  // The node views into it.
  block = std::make_shared<const Bytes>(sink.blocks().at(0).bytes);
  const auto node = DagPbNode::decode(block);
  return parse_unixfs_node(*node->data()).value();
}

TEST(NodeWriter, SymlinkHoldsItsTarget) {
  MemorySink sink;
  const auto link = put_symlink({}, sink, "../sub/file");
  ASSERT_TRUE(link.ok());
  EXPECT_EQ(link->size, 11U);
  EXPECT_EQ(link->total_size, sink.blocks()[0].bytes.size());
  // Type 4 and the target, nothing else.
  EXPECT_EQ(to_hex(sink.blocks()[0].bytes),
            "0a0f0804120b2e2e2f7375622f66696c65");
}

TEST(NodeWriter, SymlinkOfTheSpecificationsVector) {
  // fixtures/path_gateway_unixfs/symlink.car of the conformance tests: "foo".
  const ImportProfile profile = find_import_profile("unixfs-v0-2015").value();
  MemorySink sink;
  EXPECT_EQ(put_symlink(profile, sink, "foo")->cid.to_string(),
            "QmTB8BaCJdCH5H3k7GrxJsxgDNmNYGGR71C58ERkivXoj5");
}

TEST(NodeWriter, SymlinkTargetsAreBounded) {
  MemorySink sink;
  EXPECT_THAT(put_symlink({}, sink, ""),
              FailsWith(ErrorCode::kInvalidArgument));
  EXPECT_TRUE(put_symlink({}, sink, std::string(kSymlinkTargetMax, 'a')).ok());
  EXPECT_THAT(put_symlink({}, sink, std::string(kSymlinkTargetMax + 1, 'a')),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(NodeWriter, AttributesAreKeptAsTheProfileSays) {
  const NodeAttributes attributes{.mode = 0120777, .mtime = UnixfsTime{1, 2}};
  for (const bool keeps_mode : {false, true}) {
    for (const bool keeps_mtime : {false, true}) {
      MemorySink sink;
      const ImportProfile profile{.keeps_mode = keeps_mode,
                                  .keeps_mtime = keeps_mtime};
      ASSERT_TRUE(put_symlink(profile, sink, "a", attributes).ok());
      const UnixfsNode node = only_node(sink);
      EXPECT_EQ(node.mode.has_value(), keeps_mode);
      EXPECT_EQ(node.mode.value_or(0777), 0777U);
      EXPECT_EQ(node.mtime.has_value(), keeps_mtime);
      EXPECT_EQ(node.mtime.value_or(UnixfsTime{1, 2}), (UnixfsTime{1, 2}));
    }
  }
}

TEST(NodeWriter, NoNanosecondsAreLeftOut) {
  MemorySink sink;
  ASSERT_TRUE(put_symlink({.keeps_mtime = true}, sink, "a",
                          {.mtime = UnixfsTime{-1, 0}})
                  .ok());
  EXPECT_EQ(only_node(sink).mtime, (UnixfsTime{-1, std::nullopt}));
}

TEST(NodeWriter, OldCidsAreBareMultihashes) {
  MemorySink sink;
  const auto link = put_symlink({.cid_version = 0}, sink, "a");
  EXPECT_EQ(link->cid.version(), 0U);
}

TEST(NodeWriter, SmallNodesAreInlined) {
  MemorySink sink;
  const auto link = put_symlink({.inline_max = 126}, sink, "a");
  EXPECT_TRUE(link->cid.is_identity());
  EXPECT_EQ(link->cid.codec(), Codec::kDagPb);
  EXPECT_TRUE(sink.blocks().empty());
}

TEST(NodeWriter, SizesThatCannotBeAddedAreRefused) {
  MemorySink sink;
  const Cid cid = Cid::parse("bafkqaaa").value();
  const std::vector<DagPbLinkToWrite> links = {{cid, "a", ~std::uint64_t{0}}};
  EXPECT_THAT(put_node({}, sink, links, {.type = UnixfsType::kDirectory}),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(NodeWriter, ErrorOfTheSinkIsPassedOn) {
  MemorySink sink;
  sink.fail_from(0, Error(ErrorCode::kIo, "the disk says no"));
  EXPECT_THAT(put_symlink({}, sink, "a"), FailsWith(ErrorCode::kIo));
}

}  // namespace
}  // namespace dagfs::car
