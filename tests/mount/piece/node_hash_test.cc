// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/node_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "car/ipld/multihash.h"
#include "mount/piece/node_hash_kernels.h"
#include "tests/support/payloads.h"

namespace dagfs::mount {
namespace {

using tests::pseudo_random;

// As OpenSSL's ordinary interface has it.
Bytes parents_of(ByteView nodes) {
  Bytes out;
  for (; !nodes.empty(); nodes = nodes.subspan(kPairSize)) {
    Bytes digest =
        car::hash_bytes(car::HashCode::kSha2_256, nodes.first(kPairSize))
            .value();
    digest.back() &= std::byte{0x3f};
    out.insert(out.end(), digest.begin(), digest.end());
  }
  return out;
}

struct NamedKernel {
  std::string name;
  std::optional<NodeHashKernel> (*find)();
};

class NodeHashKernels : public testing::TestWithParam<NamedKernel> {
 protected:
  void SetUp() override {
    kernel_ = GetParam().find();
    if (!kernel_) GTEST_SKIP() << "this processor cannot run it";
  }

  std::optional<NodeHashKernel> kernel_;
};

TEST_P(NodeHashKernels, EveryCountAndAlignmentIsThatOfOpenssl) {
  constexpr std::size_t kPairsMax = 70;
  const Bytes nodes = pseudo_random(kPairsMax * kPairSize, 1);
  const Bytes expected = parents_of(nodes);
  for (std::size_t pairs = 0; pairs <= kPairsMax; ++pairs) {
    for (const std::size_t shift : {0U, 1U, 31U}) {
      Bytes in(shift + pairs * kPairSize);
      std::copy_n(nodes.begin(), pairs * kPairSize, in.data() + shift);
      Bytes out(shift + pairs * kNodeSize + 1, std::byte{0xee});
      kernel_->hash(in.data() + shift, pairs, out.data() + shift);
      ASSERT_TRUE(std::equal(out.data() + shift, &out.back(), expected.begin()))
          << pairs;
      ASSERT_EQ(out.back(), std::byte{0xee}) << pairs;
    }
  }
}

TEST_P(NodeHashKernels, ParentsMayTakeThePlaceOfTheNodes) {
  for (const std::size_t pairs : {1U, 5U, 16U, 37U, 128U}) {
    Bytes nodes = pseudo_random(pairs * kPairSize, 2);
    const Bytes expected = parents_of(nodes);
    kernel_->hash(nodes.data(), pairs, nodes.data());
    nodes.resize(pairs * kNodeSize);
    EXPECT_EQ(nodes, expected) << pairs;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, NodeHashKernels,
    testing::Values(NamedKernel{"ShaExtensions", &node_hash_sha_extensions},
                    NamedKernel{"Avx512", &node_hash_avx512},
                    NamedKernel{"Avx2", &node_hash_avx2},
                    NamedKernel{"Openssl",
                                []() -> std::optional<NodeHashKernel> {
                                  return node_hash_openssl();
                                }}),
    [](const auto& test) { return test.param.name; });

TEST(NodeHash, SomeKernelRunsEverywhere) {
  ASSERT_FALSE(node_hash_kernels().empty());
  EXPECT_EQ(node_hash_kernels().back().name, "openssl");
}

TEST(NodeHash, PairOfZeros) {
  EXPECT_EQ(to_hex(hash_pair({}, {})),
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb0b");
}

}  // namespace
}  // namespace dagfs::mount
