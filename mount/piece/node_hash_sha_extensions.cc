// SPDX-License-Identifier: Apache-2.0 OR MIT

// Four pairs side by side with the SHA extensions of x86.

#include "car/ipld/sha256_pair.h"
#include "mount/piece/node_hash_kernels.h"

#if defined(__x86_64__)

#include <algorithm>

#include "car/ipld/sha256_extensions.h"

namespace dagfs::mount {
namespace sha_extensions {
namespace {

using car::sha256::Lane;
using car::sha256::State;

constexpr std::size_t kLanes = 4;

struct Lanes {
  Lane a;
  Lane b;
  Lane c;
  Lane d;
};

DAGFS_SHA_INLINE void rounds_with(Lanes& lanes, __m128i Lane::*words,
                                  const std::uint32_t* constants) {
  using car::sha256::four_rounds;
  four_rounds(lanes.a.state, lanes.a.*words, constants);
  four_rounds(lanes.b.state, lanes.b.*words, constants);
  four_rounds(lanes.c.state, lanes.c.*words, constants);
  four_rounds(lanes.d.state, lanes.d.*words, constants);
}

// Of the lane's sixteen words, those that begin with `first` make room for the
// four that come after `last`.
struct Quarter {
  __m128i Lane::*first;
  __m128i Lane::*second;
  __m128i Lane::*third;
  __m128i Lane::*last;
};

DAGFS_SHA_INLINE void extend_one(Lane& lane, const Quarter& quarter) {
  car::sha256::schedule(lane.*quarter.first, lane.*quarter.second,
                        lane.*quarter.third, lane.*quarter.last);
}

DAGFS_SHA_INLINE void extend(Lanes& lanes, const Quarter& quarter) {
  extend_one(lanes.a, quarter);
  extend_one(lanes.b, quarter);
  extend_one(lanes.c, quarter);
  extend_one(lanes.d, quarter);
}

DAGFS_SHA_INLINE void rounds_of_block(Lanes& lanes) {
  const std::uint32_t* k = car::kSha256RoundConstants.data();
  for (int i = 0; i < 3; ++i, k += 16) {
    rounds_with(lanes, &Lane::w0, k);
    extend(lanes, {&Lane::w0, &Lane::w1, &Lane::w2, &Lane::w3});
    rounds_with(lanes, &Lane::w1, k + 4);
    extend(lanes, {&Lane::w1, &Lane::w2, &Lane::w3, &Lane::w0});
    rounds_with(lanes, &Lane::w2, k + 8);
    extend(lanes, {&Lane::w2, &Lane::w3, &Lane::w0, &Lane::w1});
    rounds_with(lanes, &Lane::w3, k + 12);
    extend(lanes, {&Lane::w3, &Lane::w0, &Lane::w1, &Lane::w2});
  }
  rounds_with(lanes, &Lane::w0, k);
  rounds_with(lanes, &Lane::w1, k + 4);
  rounds_with(lanes, &Lane::w2, k + 8);
  rounds_with(lanes, &Lane::w3, k + 12);
}

DAGFS_SHA_INLINE void rounds_of_padding(Lanes& lanes) {
  // Words that are zero, since what they would be is in the constants.
  const __m128i none = _mm_setzero_si128();
  using car::sha256::four_rounds;
  for (std::size_t i = 0; i < kSha256PaddingRounds.size(); i += 4) {
    const std::uint32_t* const added = &kSha256PaddingRounds[i];
    four_rounds(lanes.a.state, none, added);
    four_rounds(lanes.b.state, none, added);
    four_rounds(lanes.c.state, none, added);
    four_rounds(lanes.d.state, none, added);
  }
}

DAGFS_SHA_INLINE void store_node(const State& state, std::byte* parent) {
  std::array<std::byte, kNodeSize> digest = car::sha256::digest_of(state);
  digest.back() &= kLastByteMask;
  std::ranges::copy(digest, parent);
}

DAGFS_SHA_TARGET void hash_four(const std::byte* nodes, std::byte* parents) {
  const State initial = car::sha256::initial_state();
  Lanes lanes;
  Lane* const each[kLanes] = {&lanes.a, &lanes.b, &lanes.c, &lanes.d};
  State states[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    states[i] = initial;
    car::sha256::start_block(*each[i], initial, nodes + i * kPairSize);
  }
  rounds_of_block(lanes);
  for (std::size_t i = 0; i < kLanes; ++i) {
    car::sha256::finish_block(*each[i], states[i]);
    each[i]->state = states[i];
  }
  rounds_of_padding(lanes);
  for (std::size_t i = 0; i < kLanes; ++i) {
    car::sha256::finish_block(*each[i], states[i]);
    store_node(states[i], parents + i * kNodeSize);
  }
}

}  // namespace
}  // namespace sha_extensions

std::optional<NodeHashKernel> node_hash_sha_extensions() {
  if (!car::has_sha256_pair()) return std::nullopt;
  return NodeHashKernel{.name = "sha extensions",
                        .hash = &hash_batches<4, sha_extensions::hash_four>};
}

}  // namespace dagfs::mount

#else

namespace dagfs::mount {
std::optional<NodeHashKernel> node_hash_sha_extensions() {
  return std::nullopt;
}
}  // namespace dagfs::mount

#endif
