// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/unixfs_node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::Optional;
using tests::bytes;
using tests::FailsWith;

TEST(ParseUnixfsNode, DirectoryIsATypeAlone) {
  const Bytes message = bytes({0x08, 0x01});
  const auto node = parse_unixfs_node(message);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->type, UnixfsType::kDirectory);
  EXPECT_TRUE(node->is_directory());
  EXPECT_TRUE(node->data.empty());
  EXPECT_THAT(node->mode, Eq(std::nullopt));
  EXPECT_THAT(node->mtime, Eq(std::nullopt));
}

TEST(ParseUnixfsNode, WhatWasEncodedComesBack) {
  const Bytes data = bytes({1, 2, 3});
  const UnixfsNode node{
      .type = UnixfsType::kHamtShard,
      .data = data,
      .file_size = 0xffff'ffff'ffff'ffff,
      .block_sizes = {0, 1, 300},
      .hash_type = 0x22,
      .fanout = 256,
      .mode = 0xffff'ffff,
      .mtime = UnixfsTime{.seconds = -1, .nanoseconds = 999'999'999}};
  const Bytes message = encode(node);
  const auto parsed = parse_unixfs_node(message);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(parsed->type, node.type);
  EXPECT_TRUE(std::ranges::equal(parsed->data, data));
  EXPECT_EQ(parsed->file_size, node.file_size);
  EXPECT_EQ(parsed->block_sizes, node.block_sizes);
  EXPECT_EQ(parsed->hash_type, node.hash_type);
  EXPECT_EQ(parsed->fanout, node.fanout);
  EXPECT_EQ(parsed->mode, node.mode);
  EXPECT_EQ(parsed->mtime, node.mtime);
}

TEST(ParseUnixfsNode, MtimeKeepsWhatIsWritten) {
  for (const std::int64_t seconds :
       {std::int64_t{0}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    const Bytes message =
        encode({.type = UnixfsType::kFile, .mtime = UnixfsTime{seconds, {}}});
    EXPECT_EQ(parse_unixfs_node(message)->mtime, (UnixfsTime{seconds, {}}));
  }
  const Bytes empty = bytes({0x08, 0x02, 0x42, 0x00});
  EXPECT_EQ(parse_unixfs_node(empty)->mtime, UnixfsTime());
}

TEST(ParseUnixfsNode, OfRepeatedFieldsTheLastCounts) {
  const Bytes message = bytes({0x08, 0x01, 0x08, 0x02, 0x18, 5, 0x18, 6});
  const auto node = parse_unixfs_node(message);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->type, UnixfsType::kFile);
  EXPECT_THAT(node->file_size, Optional(6u));
}

TEST(ParseUnixfsNode, UnknownFieldsArePassedOver) {
  // Field 15 in each wire type, then filesize with a wire type not its own.
  const Bytes message =
      bytes({0x78, 1, 0x7a, 1, 7, 0x7d, 1, 2,    3, 4, 0x79, 1,
             2,    3, 4,    5, 6, 7,    8, 0x1a, 1, 9, 0x08, 0x00});
  const auto node = parse_unixfs_node(message);
  ASSERT_TRUE(node.ok()) << node.error().message();
  EXPECT_EQ(node->type, UnixfsType::kRaw);
  EXPECT_THAT(node->file_size, Eq(std::nullopt));
}

TEST(ParseUnixfsNode, NoTypeOrAnUnknownOneIsNotUnixfs) {
  for (const Bytes& message :
       {Bytes(), bytes({0x18, 0x05}), bytes({0x08, 0x06}), bytes({0x08, 99}),
        bytes({0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
               0x01})}) {
    const auto node = parse_unixfs_node(message);
    ASSERT_THAT(node, FailsWith(ErrorCode::kCorrupt));
    EXPECT_THAT(node.error().message(), HasSubstr("not UnixFS"));
  }
}

TEST(ParseUnixfsNode, TypeOrDataOfAnotherWireTypeIsNotUnixfs) {
  EXPECT_THAT(parse_unixfs_node(bytes({0x0a, 0x01, 0x02})),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(parse_unixfs_node(bytes({0x08, 0x02, 0x10, 0x02})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(ParseUnixfsNode, PackedBlocksizesAreNotUnixfs) {
  EXPECT_THAT(parse_unixfs_node(bytes({0x08, 0x02, 0x22, 0x02, 10, 6})),
              FailsWith(ErrorCode::kCorrupt));
}

TEST(ParseUnixfsNode, CutAnywhereIsCorruptOrShorter) {
  const Bytes message = encode({.type = UnixfsType::kFile,
                                .data = as_bytes("data"),
                                .file_size = 1000,
                                .block_sizes = {996},
                                .mode = 0755,
                                .mtime = UnixfsTime{1'700'000'000, 7}});
  for (std::size_t size = 0; size < message.size(); ++size) {
    const auto node = parse_unixfs_node(ByteView(message).first(size));
    if (!node.ok()) continue;
    EXPECT_LE(encode(*node).size(), size);
  }
}

TEST(ParseUnixfsNode, LengthsAtTheirMaximumAreCorrupt) {
  for (const unsigned field : {0x12u, 0x42u, 0x7au}) {
    EXPECT_THAT(
        parse_unixfs_node(bytes({0x08, 0x02, field, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})),
        FailsWith(ErrorCode::kCorrupt));
  }
}

TEST(EncodeUnixfsNode, WritesFieldsInOrder) {
  EXPECT_THAT(encode({.type = UnixfsType::kFile, .file_size = 0}),
              ElementsAre(std::byte{0x08}, std::byte{0x02}, std::byte{0x18},
                          std::byte{0x00}));
}

}  // namespace
}  // namespace dagfs::car
