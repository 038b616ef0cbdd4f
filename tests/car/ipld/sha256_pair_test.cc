// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_pair.h"

#include <gtest/gtest.h>

#include <string>

#include "car/ipld/multihash.h"

namespace dagfs::car {
namespace {

Bytes message(std::size_t size, unsigned seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::byte>(i * 7 + seed);
  }
  return out;
}

std::string alone(ByteView bytes) {
  return to_hex(hash_bytes(HashCode::kSha2_256, bytes).value());
}

// Two messages against each one alone, which OpenSSL hashes.
void expect_same(std::size_t first_size, std::size_t second_size) {
  const Bytes first = message(first_size, 1);
  const Bytes second = message(second_size, 2);

  const Sha256Pair both = sha256_pair(first, second);

  EXPECT_EQ(to_hex(both.first), alone(first))
      << first_size << ' ' << second_size;
  EXPECT_EQ(to_hex(both.second), alone(second))
      << first_size << ' ' << second_size;
}

class Sha256PairTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_sha256_pair()) {
      GTEST_SKIP() << "this processor has no SHA extensions";
    }
  }
};

TEST_F(Sha256PairTest, AgreesWithOneAtEveryLengthAroundABlock) {
  for (std::size_t size = 0; size < 200; ++size) expect_same(size, size);
}

TEST_F(Sha256PairTest, AgreesWhereLengthsDiffer) {
  for (const std::size_t size : {0u, 1u, 55u, 56u, 63u, 64u, 119u, 120u}) {
    for (const std::size_t more : {1u, 64u, 65u, 1000u, 65536u}) {
      expect_same(size, size + more);
      expect_same(size + more, size);
    }
  }
}

TEST_F(Sha256PairTest, AgreesOnABlockOfAMebibyte) {
  expect_same(std::size_t{1} << 20, std::size_t{1} << 20);
}

}  // namespace
}  // namespace dagfs::car
