// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/fuse/request_header.h"

#include <gtest/gtest.h>

namespace dagfs::fs {
namespace {

Bytes interrupt(std::uint64_t own, std::uint64_t about) {
  const fuse_in_header header = {
      .len = 0, .opcode = FUSE_INTERRUPT, .unique = own};
  Bytes bytes(sizeof(header) + sizeof(about));
  std::memcpy(bytes.data(), &header, sizeof(header));
  std::memcpy(bytes.data() + sizeof(header), &about, sizeof(about));
  return bytes;
}

TEST(RequestHeader, ReadsWhatAnInterruptIsAbout) {
  const Bytes request = interrupt(9, 8);
  EXPECT_EQ(request_header(request).opcode, unsigned{FUSE_INTERRUPT});
  EXPECT_EQ(request_header(request).unique, 9U);
  EXPECT_EQ(interrupted_request(request), 8U);
}

TEST(RequestHeader, ARequestCutAtAnyByteIsZerosAndReadsNoFurther) {
  const Bytes request = interrupt(9, 8);
  for (std::size_t size = 0; size < request.size(); ++size) {
    const Bytes cut(request.begin(),
                    request.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(interrupted_request(cut), 0U);
    EXPECT_EQ(request_header(cut).unique,
              size < sizeof(fuse_in_header) ? 0U : 9U);
  }
}

TEST(KindOf, WhatWouldChangeSomethingIsAWrite) {
  EXPECT_EQ(kind_of(FUSE_MKDIR), RequestKind::kWrite);
  EXPECT_EQ(kind_of(FUSE_SETXATTR), RequestKind::kWrite);
  EXPECT_EQ(kind_of(FUSE_READDIRPLUS), RequestKind::kReadDirectory);
  EXPECT_EQ(kind_of(4711), RequestKind::kOther);
}

TEST(MayWaitForItself, EndsOfInterestAndTheRootsAttributesNever) {
  EXPECT_FALSE(may_wait_for_itself({.opcode = FUSE_FORGET}));
  EXPECT_FALSE(may_wait_for_itself({.opcode = FUSE_RELEASE}));
  EXPECT_FALSE(may_wait_for_itself({.opcode = FUSE_GETATTR, .nodeid = 1}));
  EXPECT_TRUE(may_wait_for_itself({.opcode = FUSE_GETATTR, .nodeid = 2}));
  EXPECT_TRUE(may_wait_for_itself({.opcode = FUSE_LOOKUP, .nodeid = 1}));
  EXPECT_TRUE(may_wait_for_itself({.opcode = FUSE_WRITE, .nodeid = 2}));
}

}  // namespace
}  // namespace dagfs::fs
