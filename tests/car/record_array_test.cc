// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/record_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "car/base/endian.h"
#include "car/limits.h"
#include "tests/support/result_matchers.h"

namespace dagfs::tests {
namespace {

using car::RecordArray;

// Digest as text, so that std::sort orders it as memcmp does.
using Record = std::pair<std::string, std::uint64_t>;

RecordArray array_of(const std::vector<Record>& records,
                     std::size_t digest_size) {
  RecordArray array(digest_size);
  for (const auto& [digest, position] : records) {
    EXPECT_THAT(array.append(as_bytes(digest), position), IsOkAnd(testing::_));
  }
  return array;
}

std::vector<Record> records_of(const RecordArray& array) {
  std::vector<Record> records;
  const std::size_t digest_size = array.width() - 8;
  for (ByteView rest = array.bytes(); !rest.empty();
       rest = rest.subspan(array.width())) {
    records.emplace_back(as_text(rest.first(digest_size)),
                         load_le<std::uint64_t>(rest.data() + digest_size));
  }
  return records;
}

void expect_sorts(std::vector<Record> records, std::size_t digest_size) {
  RecordArray array = array_of(records, digest_size);
  array.sort();
  std::ranges::sort(records);
  EXPECT_TRUE(records_of(array) == records);
}

// `distinct` is how many values each byte takes: few make long common prefixes.
std::vector<Record> random_records(std::size_t count, std::size_t digest_size,
                                   unsigned distinct) {
  std::mt19937_64 random(count + digest_size + distinct);
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    std::string digest(digest_size, '\0');
    for (char& c : digest) c = static_cast<char>(random() % distinct);
    records.emplace_back(digest, random() >> (i % 50));
  }
  return records;
}

TEST(SortRecords, AgreesWithStdSortWhateverTheWidth) {
  for (const std::size_t digest_size :
       std::initializer_list<std::size_t>{0, 1, 7, 8, 20, 32, 33}) {
    for (const unsigned distinct : {1U, 2U, 256U}) {
      for (const std::size_t count :
           std::initializer_list<std::size_t>{0, 1, 2, 24, 25, 1000, 5'000}) {
        SCOPED_TRACE(testing::Message()
                     << digest_size << ' ' << distinct << ' ' << count);
        expect_sorts(random_records(count, digest_size, distinct), digest_size);
      }
    }
  }
}

TEST(SortRecords, LongestDigestsWork) {
  const std::size_t digest_size = car::kCidSizeMax;
  expect_sorts(random_records(300, digest_size, 2), digest_size);
}

TEST(SortRecords, EqualDigestsAreOrderedByPosition) {
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    records.emplace_back(std::string(32, 'x'), (i * 2654435761) % 5003);
  }
  expect_sorts(records, 32);
}

// Each record leaves the others at the next byte: a level of recursion each,
// were there no bound on them.
TEST(SortRecords, CraftedNestingDoesNotExhaustTheStack) {
  const std::size_t digest_size = 2000;
  std::vector<Record> records;
  for (std::size_t i = 0; i < digest_size; ++i) {
    std::string digest(digest_size, 'a');
    digest[i] = 'b';
    records.emplace_back(digest, i);
  }
  expect_sorts(records, digest_size);
}

TEST(RecordArray, GrowsAndKeepsWhatItHolds) {
  const auto records = random_records(100'000, 32, 256);

  const RecordArray array = array_of(records, 32);

  EXPECT_EQ(array.count(), records.size());
  EXPECT_TRUE(records_of(array) == records);
}

TEST(RecordArray, EqualDigestsAreNoticed) {
  RecordArray same = array_of({{"aa", 1}, {"aa", 2}}, 2);
  RecordArray other = array_of({{"aa", 1}, {"ab", 1}}, 2);

  EXPECT_TRUE(same.has_equal_digests());
  EXPECT_FALSE(other.has_equal_digests());
  EXPECT_FALSE(RecordArray(2).has_equal_digests());
}

TEST(RecordArray, MovedFromIsEmpty) {
  RecordArray array = array_of({{"aa", 1}}, 2);

  const RecordArray moved = std::move(array);

  EXPECT_EQ(moved.count(), 1u);
  EXPECT_EQ(array.count(), 0u);  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace dagfs::tests
