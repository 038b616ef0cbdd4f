// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "car/base/endian.h"
#include "car/limits.h"
#include "tests/support/car_builder.h"
#include "tests/support/counting_file.h"
#include "tests/support/from_hex.h"
#include "tests/support/indexed_car.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::CarIndex;
using car::Cid;
using car::Codec;
using car::HashCode;
using car::IndexCodec;
using car::IndexEntries;
using car::IndexEntry;
using car::Multihash;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::shared_ptr<const CarIndex> must_open(Bytes bytes) {
  auto index = open_index(std::move(bytes));
  EXPECT_THAT(index, IsOkAnd(testing::_));
  return *std::move(index);
}

std::string error_of(const std::string& hex) {
  const auto index = open_index(from_hex(hex));
  return index.ok() ? "opened" : index.error().message();
}

auto at(std::uint64_t position) {
  return Field(&IndexEntry::position, position);
}

void expect_finds_all(const CarBuilder& builder, const CarIndex& index) {
  EXPECT_EQ(index.entry_count(), builder.sections().size());
  for (const BuiltSection& section : builder.sections()) {
    EXPECT_THAT(index.find(section.cid.multihash()),
                IsOkAnd(testing::Contains(at(section.position))));
  }
}

TEST(CarIndex, EmptyIndexHasNothing) {
  const auto index = must_open(from_hex("810800000000"));

  EXPECT_EQ(index->codec(), IndexCodec::kMultihashIndexSorted);
  EXPECT_EQ(index->entry_count(), 0u);
  EXPECT_EQ(index->size(), 6u);
  EXPECT_THAT(index->find({HashCode::kSha2_256, as_bytes("x")}),
              IsOkAnd(IsEmpty()));
}

TEST(CarIndex, EveryEntryIsFoundInEitherEncodingAndAtAnySize) {
  for (const int count : {1, 2, 101, 102, 103, 2000}) {
    SCOPED_TRACE(count);
    CarBuilder builder;
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i);
      builder.block(text);
      builder.identity_block(Codec::kRaw, as_bytes(text));
      builder.block(Codec::kRaw, HashCode::kSha2_512, as_bytes(text));
    }
    for (const IndexCodec codec :
         {IndexCodec::kIndexSorted, IndexCodec::kMultihashIndexSorted}) {
      expect_finds_all(builder, *must_open(builder.encoded_index(codec)));
    }
  }
}

TEST(CarIndex, AbsentDigestFunctionAndLengthAreNotFound) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  for (int i = 0; i < 3000; ++i) builder.block(std::to_string(i));
  const auto index =
      must_open(builder.encoded_index(IndexCodec::kMultihashIndexSorted));
  const Multihash here = cid.multihash();

  for (int i = 0; i < 256; ++i) {
    Bytes digest(here.digest.begin(), here.digest.end());
    digest[0] = static_cast<std::byte>(i);
    digest[31] ^= std::byte{1};
    EXPECT_THAT(index->find({HashCode::kSha2_256, digest}), IsOkAnd(IsEmpty()));
  }
  EXPECT_THAT(index->find({HashCode::kBlake3, here.digest}),
              IsOkAnd(IsEmpty()));
  EXPECT_THAT(index->find({HashCode::kSha2_256, here.digest.first(31)}),
              IsOkAnd(IsEmpty()));
  EXPECT_THAT(index->find(here), IsOkAnd(SizeIs(1)));
}

TEST(CarIndex, CopiesAreFoundInOrderOfPosition) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  builder.block("b");
  builder.section(cid, as_bytes("a")).section(cid, as_bytes("a"));
  const auto sections = builder.sections();

  EXPECT_THAT(
      index_car(builder).index->find(cid.multihash()),
      IsOkAnd(ElementsAre(at(sections[0].position), at(sections[2].position),
                          at(sections[3].position))));
}

TEST(CarIndex, MillionsOfCopiesAreCutShort) {
  CarBuilder builder;
  for (int i = 0; i < 300; ++i) builder.block(std::to_string(i));
  const Cid cid = builder.block("zeros");
  for (int i = 0; i < 3000; ++i) builder.section(cid, as_bytes("zeros"));
  const IndexedCar car = index_car(builder);

  const auto entries = car.index->find(cid.multihash());

  ASSERT_THAT(entries, IsOkAnd(SizeIs(car::kCopiesMax)));
  EXPECT_EQ(entries->front().position, builder.sections()[300].position);
  EXPECT_THAT(car.index->find(builder.sections()[7].cid.multihash()),
              IsOkAnd(SizeIs(1)));
}

TEST(CarIndex, OrdinalsCountOverTheWholeIndex) {
  CarBuilder builder;
  builder.block("a");
  builder.block("b");
  builder.identity_block(Codec::kRaw, as_bytes("c"));
  const IndexedCar car = index_car(builder);

  std::vector<std::uint64_t> ordinals;
  for (const BuiltSection& section : builder.sections()) {
    const auto entries = car.index->find(section.cid.multihash());
    ASSERT_THAT(entries, IsOkAnd(SizeIs(1)));
    ordinals.push_back(entries->front().ordinal);
  }

  EXPECT_THAT(ordinals, testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_EQ(ordinals[2], 0u);  // Identity has the smallest code.
}

TEST(CarIndex, ForEachVisitsEveryEntryInOrder) {
  CarBuilder builder;
  for (int i = 0; i < 4000; ++i) builder.block(std::to_string(i));
  const IndexedCar car = index_car(builder);
  std::uint64_t count = 0;
  std::string last;

  const Status status = car.index->for_each(
      [&](const Multihash& multihash, const IndexEntry& entry) -> Status {
        EXPECT_EQ(multihash.code, HashCode::kSha2_256);
        EXPECT_EQ(entry.ordinal, count++);
        EXPECT_LT(last, as_text(multihash.digest));
        last = as_text(multihash.digest);
        return ok_status();
      });

  EXPECT_TRUE(status.ok());
  EXPECT_EQ(count, 4000u);
}

TEST(CarIndex, ForEachStopsWhereTheVisitorFails) {
  CarBuilder builder;
  builder.block("a");
  builder.block("b");
  int visits = 0;

  const Status status = index_car(builder).index->for_each(
      [&](const Multihash&, const IndexEntry&) -> Status {
        ++visits;
        return Error(ErrorCode::kExhausted, "enough");
      });

  EXPECT_THAT(status, FailsWith(ErrorCode::kExhausted));
  EXPECT_EQ(visits, 1);
}

TEST(CarIndex, BytesAfterTheBodyAreIgnored) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  Bytes bytes = builder.encoded_index(IndexCodec::kMultihashIndexSorted);
  const std::size_t size = bytes.size();
  bytes.resize(size + 1000);

  const auto index = must_open(bytes);

  EXPECT_EQ(index->size(), size);
  EXPECT_THAT(index->find(cid.multihash()), IsOkAnd(SizeIs(1)));
}

TEST(CarIndex, CutAtEveryByteIsCorrupt) {
  CarBuilder builder;
  builder.block("a");
  builder.identity_block(Codec::kRaw, as_bytes("b"));
  for (const IndexCodec codec :
       {IndexCodec::kIndexSorted, IndexCodec::kMultihashIndexSorted}) {
    const Bytes bytes = builder.encoded_index(codec);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(size);
      const auto cut = bytes.begin() + static_cast<std::ptrdiff_t>(size);
      EXPECT_THAT(open_index(Bytes(bytes.begin(), cut)),
                  FailsWith(ErrorCode::kCorrupt));
    }
  }
}

TEST(CarIndex, LengthsAreCheckedBeforeTheyAreUsed) {
  const std::string one_width =
      "8008"
      "01000000";
  EXPECT_THAT(error_of("8108"
                       "ffffff7f"),
              HasSubstr("at most"));
  EXPECT_THAT(error_of("8108"
                       "ffffffff"),
              HasSubstr("is -1"));
  EXPECT_THAT(error_of("8008"
                       "01100000"),
              HasSubstr("is 4097"));
  EXPECT_THAT(error_of("8008"
                       "00000080"),
              HasSubstr("at most"));
  EXPECT_THAT(error_of(one_width + "07000000"
                                   "0000000000000000"),
              HasSubstr("entries of 7 bytes"));
  EXPECT_THAT(error_of(one_width + "ffffffff"
                                   "0000000000000000"),
              HasSubstr("entries of 4294967295 bytes"));
  EXPECT_THAT(error_of(one_width + "28000000"
                                   "ffffffffffffffff"),
              HasSubstr("are left"));
  EXPECT_THAT(error_of(one_width + "09000000"
                                   "0100000000000000"
                                   "00"),
              HasSubstr("no whole number"));
  EXPECT_EQ(error_of(one_width + "09000000"
                                 "0000000000000000"),
            "opened");
}

TEST(CarIndex, ManyCodesWithManyWidthsAreCorrupt) {
  Bytes bytes = from_hex(
      "8108"
      "02000000");
  for (int code = 0; code < 2; ++code) {
    bytes.resize(bytes.size() + 8);
    const Bytes count = from_hex("00100000");  // 4096, the most for all codes.
    bytes.insert(bytes.end(), count.begin(), count.end());
    for (int i = 0; i < 4096; ++i) {
      const Bytes bucket = from_hex(
          "08000000"
          "0000000000000000");
      bytes.insert(bytes.end(), bucket.begin(), bucket.end());
    }
  }

  EXPECT_THAT(open_index(bytes), FailsWith(ErrorCode::kCorrupt));
}

TEST(CarIndex, OtherCodecsAreUnsupported) {
  EXPECT_THAT(open_index(from_hex("820800000000")),
              FailsWith(ErrorCode::kUnsupported));
  EXPECT_THAT(error_of("820800000000"), HasSubstr("0x0402"));
}

TEST(CarIndex, RangePastTheFileIsCorrupt) {
  const auto file = std::make_shared<MemoryFile>(from_hex("810800000000"));
  EXPECT_THAT(CarIndex::open(file, {.offset = 0, .size = 7}),
              FailsWith(ErrorCode::kCorrupt));
  EXPECT_THAT(CarIndex::open(file, {.offset = ~std::uint64_t{0}, .size = 2}),
              FailsWith(ErrorCode::kCorrupt));
}

// 10,000 entries of 32-byte digests in no order at all, or in one that leads
// interpolation astray.
Bytes index_of(const std::vector<std::string>& digests) {
  Bytes bytes = from_hex(
      "8008"
      "01000000"
      "28000000");
  bytes.resize(bytes.size() + 8);
  store_le(bytes.data() + bytes.size() - 8, std::uint64_t{40} * digests.size());
  for (std::uint64_t i = 0; i < digests.size(); ++i) {
    const ByteView digest = as_bytes(digests[i]);
    bytes.insert(bytes.end(), digest.begin(), digest.end());
    bytes.resize(bytes.size() + 8);
    store_le(bytes.data() + bytes.size() - 8, i);
  }
  return bytes;
}

std::string digest_of(std::uint64_t number, std::size_t at) {
  std::string digest(32, '\0');
  for (std::size_t i = 0; i < 8; ++i) {
    digest[at + i] = static_cast<char>(number >> (56 - 8 * i));
  }
  return digest;
}

TEST(CarIndex, UnsortedEntriesMayBeMissedButNothingBreaks) {
  std::vector<std::string> digests;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    digests.push_back(digest_of(i * 0x9e3779b97f4a7c15, 0));
  }
  const auto index = must_open(index_of(digests));

  for (const std::string& digest : digests) {
    const auto entries = index->find({HashCode::kSha2_256, as_bytes(digest)});
    ASSERT_TRUE(entries.ok());
    if (!entries->empty()) {
      EXPECT_EQ(digests[entries->front().position], digest);
    }
  }
}

TEST(CarIndex, DigestsThatAreNotUniformAreFoundAllTheSame) {
  std::vector<std::string> crowded;  // All alike but for one at either end.
  crowded.push_back(std::string(32, '\0'));
  for (std::uint64_t i = 1; i < 10'000; ++i) {
    crowded.push_back(digest_of(i * i, 20));
  }
  crowded.push_back(std::string(32, '\xff'));
  std::vector<std::string> doubling;
  for (std::uint64_t i = 0; i < 64; ++i) {
    for (std::uint64_t j = 0; j < 200; ++j) {
      doubling.push_back(digest_of(std::uint64_t{1} << i, 0).substr(0, 24) +
                         digest_of(j, 0).substr(0, 8));
    }
  }
  for (const auto& digests : {crowded, doubling}) {
    const auto file = std::make_shared<CountingFile>(
        std::make_shared<MemoryFile>(index_of(digests)));
    const auto index =
        CarIndex::open(file, {.offset = 0, .size = file->size()});
    ASSERT_TRUE(index.ok());
    for (std::uint64_t i = 0; i < digests.size(); i += 7) {
      file->reset();
      const auto entries =
          (*index)->find({HashCode::kSha2_256, as_bytes(digests[i])});
      ASSERT_THAT(entries, IsOkAnd(ElementsAre(at(i))));
      EXPECT_LT(file->reads(), 24u);
    }
  }
}

TEST(CarIndex, UniformDigestsTakeFewReads) {
  std::vector<std::string> digests;
  for (std::uint64_t i = 0; i < 50'000; ++i) {
    digests.push_back(digest_of(i * 0x9e3779b97f4a7c15, 0));
  }
  std::ranges::sort(digests);
  const auto file = std::make_shared<CountingFile>(
      std::make_shared<MemoryFile>(index_of(digests)));
  const auto index = CarIndex::open(file, {.offset = 0, .size = file->size()});
  ASSERT_TRUE(index.ok());
  file->reset();

  for (std::uint64_t i = 0; i < digests.size(); i += 10) {
    EXPECT_THAT((*index)->find({HashCode::kSha2_256, as_bytes(digests[i])}),
                IsOkAnd(ElementsAre(at(i))));
  }

  EXPECT_LT(file->reads(), 5'000u * 4);
}

TEST(CarIndex, ReadErrorsArePassedOn) {
  CarBuilder builder;
  const Cid cid = builder.block("a");
  const auto file = std::make_shared<CountingFile>(std::make_shared<MemoryFile>(
      builder.encoded_index(IndexCodec::kMultihashIndexSorted)));
  const auto index = CarIndex::open(file, {.offset = 0, .size = file->size()});
  ASSERT_TRUE(index.ok());

  file->fail_at(file->size() - 1);

  EXPECT_THAT((*index)->find(cid.multihash()), FailsWith(ErrorCode::kIo));
}

}  // namespace
}  // namespace dagfs::tests
