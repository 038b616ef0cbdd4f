// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/bounded_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dagfs::car {
namespace {

using testing::IsNull;
using testing::Pointee;
using Cache = BoundedCache<int, int>;

TEST(BoundedCache, DropsTheLeastRecentlyUsed) {
  Cache cache(2);
  cache.insert(1, std::make_shared<int>(10), 1);
  cache.insert(2, std::make_shared<int>(20), 1);
  EXPECT_THAT(cache.find(1), Pointee(10));
  cache.insert(3, std::make_shared<int>(30), 1);

  EXPECT_THAT(cache.find(1), Pointee(10));
  EXPECT_THAT(cache.find(2), IsNull());
  EXPECT_THAT(cache.find(3), Pointee(30));
}

TEST(BoundedCache, TheFirstOfAKeyStays) {
  Cache cache(2);
  cache.insert(1, std::make_shared<int>(10), 1);
  EXPECT_THAT(cache.insert(1, std::make_shared<int>(11), 1), Pointee(10));
  EXPECT_EQ(cache.size(), 1u);
}

TEST(BoundedCache, WhatCostsMoreThanAllowedStaysUntilTheNext) {
  Cache cache(2);
  EXPECT_THAT(cache.insert(1, std::make_shared<int>(10), 9), Pointee(10));
  EXPECT_THAT(cache.find(1), Pointee(10));
  cache.insert(2, std::make_shared<int>(20), 1);
  EXPECT_THAT(cache.find(1), IsNull());
  EXPECT_THAT(cache.find(2), Pointee(20));
}

}  // namespace
}  // namespace dagfs::car
