// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_many.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "car/ipld/multihash.h"
#include "car/ipld/sha256_kernels.h"

namespace dagfs::car {
namespace {

Bytes numbered_message(std::size_t size, std::size_t seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::byte>(i * 7 + seed * 31 + i / 251);
  }
  return out;
}

// One after the other, which OpenSSL hashes.
std::string alone(ByteView bytes) {
  return to_hex(hash_bytes(HashCode::kSha2_256, bytes).value());
}

// Hands out at most `step` bytes at a time, each time in the same place.
class SteppedSource final : public Sha256Source {
 public:
  SteppedSource(const std::vector<Bytes>& messages, std::size_t step)
      : messages_(messages), step_(step), slices_(messages.size()) {}

  ByteView slice(std::size_t index, std::uint64_t offset) override {
    if (index == missing) return {};
    const ByteView rest = ByteView(messages_[index]).subspan(offset);
    const ByteView next = rest.first(std::min(step_, rest.size()));
    slices_[index].assign(next.begin(), next.end());
    return slices_[index];
  }

  std::size_t missing = ~std::size_t{0};

 private:
  const std::vector<Bytes>& messages_;
  std::size_t step_;
  std::vector<Bytes> slices_;
};

std::vector<Bytes> messages_of(const std::vector<std::size_t>& sizes) {
  std::vector<Bytes> messages;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    messages.push_back(numbered_message(sizes[i], i));
  }
  return messages;
}

std::vector<Sha256Digest> hash_with(const Sha256Kernel& kernel,
                                    const std::vector<Bytes>& messages,
                                    Sha256Source& source) {
  std::vector<std::uint64_t> sizes;
  for (const Bytes& message : messages) sizes.push_back(message.size());
  std::vector<Sha256Digest> digests(messages.size());
  sha256_many_with(kernel, sizes, source, digests);
  return digests;
}

class Sha256KernelTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto kernels = sha256_kernels();
    const auto found =
        std::ranges::find(kernels, GetParam(), &Sha256Kernel::name);
    if (found == kernels.end()) {
      GTEST_SKIP() << "this processor has no " << GetParam();
    }
    kernel_ = *found;
    // So that messages are not hashed alone, which is not what is tested.
    if (kernel_.compress != nullptr) kernel_.cost_alone = 1;
  }

  void expect_same(const std::vector<std::size_t>& sizes,
                   std::size_t step = std::size_t{1} << 30) {
    const std::vector<Bytes> messages = messages_of(sizes);
    SteppedSource source(messages, step);
    const auto digests = hash_with(kernel_, messages, source);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      EXPECT_EQ(to_hex(digests[i]), alone(messages[i]))
          << "message " << i << " of " << sizes[i] << " bytes";
    }
  }

  Sha256Kernel kernel_;
};

INSTANTIATE_TEST_SUITE_P(Kernels, Sha256KernelTest,
                         testing::Values("sha extensions", "avx512", "avx2",
                                         "openssl"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::erase(name, ' ');
                           return name;
                         });

TEST_P(Sha256KernelTest, AgreesWithOneAtEveryLengthAroundABlock) {
  for (std::size_t size = 0; size < 200; ++size) {
    expect_same(std::vector<std::size_t>(kernel_.lanes, size));
  }
}

TEST_P(Sha256KernelTest, AgreesForAnyNumberOfMessages) {
  for (std::size_t count = 0; count < 40; ++count) {
    expect_same(std::vector<std::size_t>(count, 1000));
  }
}

TEST_P(Sha256KernelTest, AgreesWhereEveryLengthDiffers) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < 100; ++i) sizes.push_back(i * 37 % 101 * 13);
  expect_same(sizes);
}

TEST_P(Sha256KernelTest, AgreesWhereOneIsMuchLonger) {
  for (const std::size_t size : {0u, 1u, 55u, 56u, 63u, 64u, 119u, 120u}) {
    std::vector<std::size_t> sizes(20, size);
    sizes[3] = 65536 + size;
    expect_same(sizes);
  }
}

TEST_P(Sha256KernelTest, AgreesOnBlocksOfAMebibyte) {
  expect_same(std::vector<std::size_t>(kernel_.lanes, std::size_t{1} << 20));
}

TEST_P(Sha256KernelTest, AgreesWhereMessagesComeInSlices) {
  for (const std::size_t step : {64u, 128u, 4096u}) {
    expect_same({0, 1, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 10'000, 64,
                 8192, 1, 5000, 5001, 130, 70'000},
                step);
  }
}

TEST_P(Sha256KernelTest, AMessageThatCannotBeHadLeavesTheOthersAlone) {
  const std::vector<Bytes> messages =
      messages_of(std::vector<std::size_t>(20, 5000));
  SteppedSource source(messages, 1024);
  source.missing = 7;

  const auto digests = hash_with(kernel_, messages, source);

  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (i == source.missing) continue;
    EXPECT_EQ(to_hex(digests[i]), alone(messages[i])) << i;
  }
}

TEST(Sha256Kernels, OpenSslIsTheLast) {
  EXPECT_EQ(sha256_kernels().back().compress, nullptr);
}

TEST(Sha256Many, AgreesWithOneWhateverIsChosen) {
  const std::vector<Bytes> messages =
      messages_of({1 << 20, 100, 1 << 20, 0, 1 << 18, 7, 1 << 20, 1 << 16, 64});
  const std::vector<ByteView> views(messages.begin(), messages.end());
  std::vector<Sha256Digest> digests(messages.size());

  sha256_many(views, digests);

  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(to_hex(digests[i]), alone(messages[i])) << i;
  }
  EXPECT_GE(sha256_lanes(), 1u);
  EXPECT_LE(sha256_lanes(), kSha256LanesMax);
}

}  // namespace
}  // namespace dagfs::car
