// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/blake3.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dagfs::car {
namespace {

// The official vectors' input: 0, 1, 2, ... 250, 0, 1, ...
std::string hex_of(std::size_t input_size, std::size_t output_size) {
  Bytes input(input_size);
  for (std::size_t i = 0; i < input_size; ++i) {
    input[i] = static_cast<std::byte>(i % 251);
  }
  Bytes output(output_size);
  blake3(input, output);
  return to_hex(output);
}

// Lengths around the ends of blocks, chunks and subtrees, where the official
// vectors have them.
TEST(Blake3, GivesTheOfficialVectors) {
  const std::vector<std::pair<std::size_t, std::string>> vectors = {
      {0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
      {1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"},
      {1023,
       "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11"},
      {1024,
       "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"},
      {1025,
       "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"},
      {2048,
       "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a"},
      {2049,
       "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030"},
      {3072,
       "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2"},
      {3073,
       "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3"},
      {4096,
       "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969"},
      {5121,
       "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff"},
      {7169,
       "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817"},
  };
  for (const auto& [size, expected] : vectors) {
    EXPECT_EQ(hex_of(size, 32), expected) << size;
  }
}

TEST(Blake3, ShorterOutputIsTheBeginningOfLonger) {
  for (const std::size_t input_size : {0u, 1u, 1024u, 1025u, 5000u}) {
    const std::string longest = hex_of(input_size, 200);
    EXPECT_EQ(longest.substr(0, 64), hex_of(input_size, 32));
    for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 128u, 199u}) {
      EXPECT_EQ(hex_of(input_size, size), longest.substr(0, 2 * size)) << size;
    }
  }
}

// The official vectors are 131 bytes long: two blocks of output and three
// bytes.
TEST(Blake3, ExtendedOutputIsTheOfficialVectors) {
  EXPECT_EQ(hex_of(0, 131),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f"
            "3262e00f03e7b69af26b7faaf09fcd333050338ddfe085b8cc869ca98b20"
            "6c08243a26f5487789e8f660afe6c99ef9e0c52b92e7393024a80459cf91"
            "f476f9ffdbda7001c22e159b402631f277ca96f2defdf1078282314e7636"
            "99a31c5363165421cce14d");
}

}  // namespace
}  // namespace dagfs::car
