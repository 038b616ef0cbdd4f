// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/threaded_commp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "mount/piece/commp.h"
#include "tests/support/payloads.h"
#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;
using tests::IsOkAnd;
using tests::pseudo_random;

constexpr std::size_t kStretch = 16 * QuadHasher::kChunkSize;

PieceCommitment in_one_thread(ByteView payload) {
  PieceHasher hasher;
  hasher.append(payload);
  return hasher.finish().value();
}

void append_in_portions(ThreadedPieceHasher& hasher, ByteView payload,
                        std::size_t size) {
  while (!payload.empty()) {
    const ByteView portion = payload.first(std::min(size, payload.size()));
    hasher.append(portion);
    payload = payload.subspan(portion.size());
  }
}

TEST(ThreadedPieceHasher, AnyNumberOfThreadsAndAnyPortions) {
  const Bytes payload = pseudo_random(13 * kStretch + 4711, 1);
  const PieceCommitment commitment = in_one_thread(payload);
  for (const unsigned threads : {0U, 1U, 2U, 5U}) {
    for (const std::size_t portion :
         {std::size_t{65537}, kStretch, payload.size()}) {
      ThreadedPieceHasher hasher({.threads = threads});
      append_in_portions(hasher, payload, portion);
      EXPECT_THAT(hasher.finish(), IsOkAnd(commitment))
          << threads << " threads, " << portion;
    }
  }
}

TEST(ThreadedPieceHasher, LengthsAroundEveryBorder) {
  for (const std::size_t border : {std::size_t{1}, std::size_t{127}, kStretch,
                                   2 * kStretch, 3 * kStretch, 4 * kStretch}) {
    for (const std::size_t size : {border - 1, border, border + 1}) {
      const Bytes payload = pseudo_random(size, size);
      ThreadedPieceHasher hasher({.threads = 2});
      hasher.append(payload);
      EXPECT_EQ(hasher.payload(), UnpaddedSize(size));
      EXPECT_THAT(hasher.finish(), IsOkAnd(in_one_thread(payload))) << size;
    }
  }
}

TEST(ThreadedPieceHasher, FrontIsPatchedAtTheEnd) {
  const std::array patch = {std::byte{1}, std::byte{2}, std::byte{3}};
  for (const std::size_t size :
       {std::size_t{1000}, kStretch, 2 * kStretch, 9 * kStretch + 1}) {
    Bytes payload = pseudo_random(size, 3);
    ThreadedPieceHasher hasher({.threads = 2});
    hasher.append(payload);
    EXPECT_THAT(hasher.patch(UnpaddedOffset(51), patch), IsOkAnd(testing::_));
    std::ranges::copy(patch, payload.begin() + 51);
    EXPECT_THAT(hasher.finish(), IsOkAnd(in_one_thread(payload))) << size;
  }
}

TEST(ThreadedPieceHasher, PatchPastTheFrontIsRefused) {
  ThreadedPieceHasher hasher({.threads = 1, .patchable = UnpaddedSize(300000)});
  ASSERT_GE(hasher.patchable(), UnpaddedSize(300000));
  hasher.append(pseudo_random(4 * kStretch, 4));
  const UnpaddedOffset end(hasher.patchable().bytes());
  EXPECT_THAT(hasher.patch(end, Bytes(1)),
              FailsWith(ErrorCode::kInvalidArgument));
}

TEST(ThreadedPieceHasher, MayBeGivenUpInTheMiddle) {
  ThreadedPieceHasher hasher({.threads = 3});
  hasher.append(pseudo_random(6 * kStretch + 1, 5));
}

}  // namespace
}  // namespace dagfs::mount
