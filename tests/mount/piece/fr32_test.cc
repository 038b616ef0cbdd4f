// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/fr32.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "mount/piece/fr32_kernels.h"
#include "tests/support/from_hex.h"
#include "tests/support/payloads.h"

namespace dagfs::mount {
namespace {

using tests::from_hex;
using tests::pseudo_random;

bool bit_of(ByteView bytes, std::size_t index) {
  return index / 8 < bytes.size() &&
         (std::to_integer<unsigned>(bytes[index / 8]) >> (index % 8) & 1) != 0;
}

// The definition: two zero bits after each 254, bits counted from the least of
// the first byte.
Bytes padded_bit_by_bit(ByteView payload) {
  const std::size_t quads = quads_of(UnpaddedSize(payload.size()));
  Bytes out(quads * kQuadPadded);
  for (std::size_t bit = 0; bit < quads * kQuadUnpadded * 8; ++bit) {
    const std::size_t to = bit / 254 * 256 + bit % 254;
    if (bit_of(payload, bit)) out[to / 8] |= std::byte{1} << (to % 8);
  }
  return out;
}

Bytes padded(ByteView payload) {
  Bytes out(quads_of(UnpaddedSize(payload.size())) * kQuadPadded,
            std::byte{0xee});
  fr32_pad(payload, out);
  return out;
}

Bytes counted_up() {
  Bytes out(kQuadUnpadded);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>(i);
  return out;
}

TEST(Fr32, PublishedExamples) {
  EXPECT_EQ(to_hex(padded(counted_up())),
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
            "8084888c9094989ca0a4a8acb0b4b8bcc0c4c8ccd0d4d8dce0e4e8ecf0f4f83c"
            "03142434445464748494a4b4c4d4e4f404152535455565758595a5b5c5d5e535"
            "175898d8185999d9195a9ada1a5b9bdb1b5c9cdc1c5d9ddd1d5e9ede1e5f9f1f");
  Bytes ones;
  Bytes high;
  for (int i = 0; i < 4; ++i) {
    ones.insert(ones.end(), 31, std::byte{0xff});
    ones.push_back(std::byte{0x3f});
  }
  for (const unsigned value : {0x80U, 0x02U, 0x08U, 0x20U}) {
    high.insert(high.end(), 31, static_cast<std::byte>(value));
    high.push_back(value == 0x80 ? std::byte{0}
                                 : static_cast<std::byte>(value));
  }
  EXPECT_EQ(padded(Bytes(127, std::byte{0xff})), ones);
  EXPECT_EQ(padded(Bytes(127, std::byte{0x80})), high);
}

TEST(Fr32, EveryLengthIsPaddedAsDefinedAndComesBack) {
  const Bytes payload = pseudo_random(5 * kQuadUnpadded, 1);
  for (std::size_t size = 0; size <= payload.size(); ++size) {
    const ByteView front = ByteView(payload).first(size);
    const Bytes quads = padded(front);
    ASSERT_EQ(quads, padded_bit_by_bit(front)) << size;

    Bytes back(size, std::byte{0xee});
    fr32_unpad(quads, back);
    ASSERT_TRUE(std::ranges::equal(back, front)) << size;
  }
}

TEST(Fr32, InPlaceIsTheSame) {
  const Bytes payload = pseudo_random(9 * kQuadUnpadded, 2);
  for (std::size_t size = 0; size <= payload.size(); ++size) {
    const ByteView front = ByteView(payload).first(size);
    const Bytes quads = padded(front);
    Bytes room(quads.size(), std::byte{0xee});
    std::ranges::copy(front, room.begin());

    fr32_pad(ByteView(room).first(size), room);
    ASSERT_EQ(room, quads) << size;

    const auto back = std::span(room).first(size);
    fr32_unpad(room, back);
    ASSERT_TRUE(std::ranges::equal(back, front)) << size;
  }
}

TEST(Fr32, BitsThatPaddingLeavesZeroAreNotLookedAt) {
  const Bytes payload = pseudo_random(2 * kQuadUnpadded, 3);
  Bytes quads = padded(payload);
  for (std::size_t i = 31; i < quads.size(); i += 32) {
    quads[i] |= std::byte{0xc0};
  }

  Bytes back(payload.size());
  fr32_unpad(quads, back);

  EXPECT_EQ(back, payload);
}

// What a reader of a piece does with any range.
Bytes read_range(const Bytes& quads, std::uint64_t offset, std::uint64_t size) {
  const Fr32Cover cover =
      fr32_cover(UnpaddedOffset(offset), UnpaddedSize(size));
  Bytes range(size);
  fr32_unpad_range(
      cover, ByteView(quads).subspan(cover.offset.bytes(), cover.size.bytes()),
      range);
  return range;
}

TEST(Fr32Range, EveryRangeOfAShortPayload) {
  const Bytes payload = pseudo_random(2 * kQuadUnpadded + 5, 4);
  const Bytes quads = padded(payload);
  for (std::size_t offset = 0; offset <= payload.size(); ++offset) {
    for (std::size_t size = 0; size <= payload.size() - offset; ++size) {
      const ByteView wanted = ByteView(payload).subspan(offset, size);
      ASSERT_TRUE(std::ranges::equal(read_range(quads, offset, size), wanted))
          << offset << " + " << size;
    }
  }
}

TEST(Fr32Range, ExampleOfTheFormatsPage) {
  const Fr32Cover cover = fr32_cover(UnpaddedOffset(130), UnpaddedSize(160));
  EXPECT_EQ(cover.offset, PaddedOffset(128));
  EXPECT_EQ(cover.size, PaddedSize(256));
  EXPECT_EQ(cover.skip, 3u);
}

TEST(Fr32Range, NothingNeedsNothing) {
  EXPECT_EQ(fr32_cover(UnpaddedOffset(130), UnpaddedSize(0)).size,
            PaddedSize(0));
}

// 66,061 quads: a length that another implementation, which divided it among
// sixteen threads elsewhere than between quads, lost bytes of.
constexpr std::size_t kUnevenQuads = 8455808 / kQuadPadded;

TEST(Fr32Range, RandomRangesOfAnUnevenLength) {
  const Bytes payload = pseudo_random(kUnevenQuads * kQuadUnpadded, 5);
  const Bytes quads = padded(payload);
  const Bytes numbers = pseudo_random(16 * 200, 6);
  for (std::size_t i = 0; i < numbers.size(); i += 16) {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::copy_n(&numbers[i], 8, reinterpret_cast<std::byte*>(&offset));
    std::copy_n(&numbers[i + 8], 8, reinterpret_cast<std::byte*>(&size));
    offset %= payload.size();
    size %= std::min<std::uint64_t>(payload.size() - offset, 1 << 17) + 1;
    ASSERT_TRUE(std::ranges::equal(read_range(quads, offset, size),
                                   ByteView(payload).subspan(offset, size)))
        << offset << " + " << size;
  }
}

struct NamedFr32Kernel {
  std::string name;
  std::optional<Fr32Kernel> (*find)();
};

class Fr32Kernels : public testing::TestWithParam<NamedFr32Kernel> {
 protected:
  void SetUp() override {
    kernel_ = GetParam().find();
    if (!kernel_) GTEST_SKIP() << "this processor cannot run it";
  }

  std::optional<Fr32Kernel> kernel_;
};

TEST_P(Fr32Kernels, EveryCountOfQuadsInEveryPlace) {
  constexpr std::size_t kQuadsMax = 40;
  const Bytes payload = pseudo_random(kQuadsMax * kQuadUnpadded, 7);
  const Bytes expected = padded_bit_by_bit(payload);
  for (std::size_t quads = 0; quads <= kQuadsMax; ++quads) {
    // No alignment is given, and nothing behind the quads is touched.
    for (const std::size_t shift : {0U, 1U, 7U}) {
      Bytes in(shift + quads * kQuadUnpadded);
      std::copy_n(payload.begin(), quads * kQuadUnpadded, in.data() + shift);
      Bytes out(shift + quads * kQuadPadded + 1, std::byte{0xee});
      kernel_->pad(in.data() + shift, quads, out.data() + shift);
      ASSERT_TRUE(std::equal(out.data() + shift, &out.back(), expected.begin()))
          << quads;
      ASSERT_EQ(out.back(), std::byte{0xee});

      Bytes back(in.size() + 1, std::byte{0xee});
      kernel_->unpad(out.data() + shift, quads, back.data() + shift);
      ASSERT_TRUE(
          std::equal(back.data() + shift, &back.back(), payload.begin()))
          << quads;
      ASSERT_EQ(back.back(), std::byte{0xee});
    }
  }
}

TEST_P(Fr32Kernels, InPlace) {
  const Bytes payload = pseudo_random(33 * kQuadUnpadded, 8);
  Bytes room = payload;
  room.resize(33 * kQuadPadded);

  kernel_->pad(room.data(), 33, room.data());
  EXPECT_EQ(room, padded_bit_by_bit(payload));

  kernel_->unpad(room.data(), 33, room.data());
  EXPECT_TRUE(std::equal(payload.begin(), payload.end(), room.begin()));
}

TEST_P(Fr32Kernels, BitsThatPaddingLeavesZeroAreNotLookedAt) {
  const Bytes quads(3 * kQuadPadded, std::byte{0xff});
  Bytes payload(3 * kQuadUnpadded);
  kernel_->unpad(quads.data(), 3, payload.data());
  EXPECT_EQ(payload, Bytes(payload.size(), std::byte{0xff}));
}

INSTANTIATE_TEST_SUITE_P(
    All, Fr32Kernels,
    testing::Values(NamedFr32Kernel{"Avx512", &fr32_avx512},
                    NamedFr32Kernel{"Avx2", &fr32_avx2},
                    NamedFr32Kernel{"Words",
                                    []() -> std::optional<Fr32Kernel> {
                                      return fr32_words();
                                    }}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace dagfs::mount
