// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/sector_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace dagfs::mount {
namespace {

using tests::FailsWith;

constexpr const char* kUrl =
    "sector:///srv/a%20b/unsealed/s-t01000-7?offset=1024&length=512&payload="
    "508";

TEST(SectorUrl, NamesPathPlaceAndPayload) {
  const auto url = parse_sector_url(kUrl);
  ASSERT_TRUE(url.ok()) << url.error().message();
  EXPECT_EQ(url->path, "/srv/a b/unsealed/s-t01000-7");
  EXPECT_EQ(url->place.offset, PaddedOffset(1024));
  EXPECT_EQ(url->place.size.padded(), PaddedSize(512));
  EXPECT_EQ(url->payload, UnpaddedSize(508));
  EXPECT_EQ(sector_url_from(*url), kUrl);
}

TEST(SectorUrl, ParametersMayStandInAnyOrderAndPayloadMayBeMissing) {
  const auto url = parse_sector_url("sector:///s?length=128&offset=0");
  ASSERT_TRUE(url.ok()) << url.error().message();
  EXPECT_EQ(url->payload, std::nullopt);
  EXPECT_EQ(sector_url_from(*url), "sector:///s?offset=0&length=128");
}

TEST(SectorUrl, LastPieceOfTheLargestSector) {
  EXPECT_TRUE(
      parse_sector_url("sector:///s?offset=68719476608&length=128").ok());
  EXPECT_TRUE(parse_sector_url("sector:///s?offset=0&length=68719476736").ok());
}

TEST(SectorUrl, WhateverElseIsRefused) {
  for (const char* url : {
           "",
           "sector:",
           "file:///s?offset=0&length=128",
           "sector:s?offset=0&length=128",
           "sector://host/s?offset=0&length=128",
           "sector:///s%zz?offset=0&length=128",
           "sector:///s",
           "sector:///s?",
           "sector:///s?offset=0",
           "sector:///s?length=128",
           "sector:///s?offset=0&length=128&offset=0",
           "sector:///s?offset=0&length=128&size=1",
           "sector:///s?offset=0&length=128&payload",
           "sector:///s?offset=0&length=128&payload=",
           "sector:///s?offset=0&length=128&payload=0",
           "sector:///s?offset=0&length=128&payload=128",
           "sector:///s?offset=0&length=127",
           "sector:///s?offset=0&length=64",
           "sector:///s?offset=0&length=384",
           "sector:///s?offset=0&length=137438953472",
           "sector:///s?offset=127&length=128",
           "sector:///s?offset=128&length=256",
           "sector:///s?offset=-128&length=128",
           "sector:///s?offset=0x80&length=128",
           "sector:///s?offset= 0&length=128",
           "sector:///s?offset=0&length=128#x",
           "sector:///s?offset=68719476736&length=128",
           "sector:///s?offset=18446744073709551616&length=128",
           "sector:///s?offset=18446744073709551488&length=128",
       }) {
    EXPECT_THAT(parse_sector_url(url), FailsWith(ErrorCode::kInvalidArgument))
        << url;
  }
}

TEST(SectorUrl, CutAnywhereIsRefusedOrAnotherPlace) {
  const std::string_view whole = kUrl;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto url = parse_sector_url(whole.substr(0, size));
    if (!url.ok()) {
      EXPECT_EQ(url.error().code(), ErrorCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace dagfs::mount
