// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_pair.h"

#include "car/ipld/sha256_kernels.h"

#if defined(__x86_64__)

#include <cpuid.h>

#include "car/ipld/sha256_extensions.h"

namespace dagfs::car::sha256 {
namespace {

DAGFS_SHA_TARGET void hash_one(State& state, const std::byte* blocks,
                               std::size_t count) {
  for (; count > 0; --count, blocks += kHashBlockSize) {
    Lane a;
    start_block(a, state, blocks);
    const std::uint32_t* k = kSha256RoundConstants.data();
    for (int i = 0; i < 3; ++i, k += 16) {
      four_rounds(a.state, a.w0, k);
      schedule(a.w0, a.w1, a.w2, a.w3);
      four_rounds(a.state, a.w1, k + 4);
      schedule(a.w1, a.w2, a.w3, a.w0);
      four_rounds(a.state, a.w2, k + 8);
      schedule(a.w2, a.w3, a.w0, a.w1);
      four_rounds(a.state, a.w3, k + 12);
      schedule(a.w3, a.w0, a.w1, a.w2);
    }
    four_rounds(a.state, a.w0, k);
    four_rounds(a.state, a.w1, k + 4);
    four_rounds(a.state, a.w2, k + 8);
    four_rounds(a.state, a.w3, k + 12);
    finish_block(a, state);
  }
}

// hash_one twice, line by line: written out because the two lanes together fill
// the sixteen registers, which no array in a loop would be sure to stay in.
DAGFS_SHA_TARGET void hash_two(State (&states)[2], const std::byte* first,
                               const std::byte* second, std::size_t count) {
  for (; count > 0;
       --count, first += kHashBlockSize, second += kHashBlockSize) {
    Lane a;
    Lane b;
    start_block(a, states[0], first);
    start_block(b, states[1], second);
    const std::uint32_t* k = kSha256RoundConstants.data();
    for (int i = 0; i < 3; ++i, k += 16) {
      four_rounds(a.state, a.w0, k);
      four_rounds(b.state, b.w0, k);
      schedule(a.w0, a.w1, a.w2, a.w3);
      schedule(b.w0, b.w1, b.w2, b.w3);
      four_rounds(a.state, a.w1, k + 4);
      four_rounds(b.state, b.w1, k + 4);
      schedule(a.w1, a.w2, a.w3, a.w0);
      schedule(b.w1, b.w2, b.w3, b.w0);
      four_rounds(a.state, a.w2, k + 8);
      four_rounds(b.state, b.w2, k + 8);
      schedule(a.w2, a.w3, a.w0, a.w1);
      schedule(b.w2, b.w3, b.w0, b.w1);
      four_rounds(a.state, a.w3, k + 12);
      four_rounds(b.state, b.w3, k + 12);
      schedule(a.w3, a.w0, a.w1, a.w2);
      schedule(b.w3, b.w0, b.w1, b.w2);
    }
    four_rounds(a.state, a.w0, k);
    four_rounds(b.state, b.w0, k);
    four_rounds(a.state, a.w1, k + 4);
    four_rounds(b.state, b.w1, k + 4);
    four_rounds(a.state, a.w2, k + 8);
    four_rounds(b.state, b.w2, k + 8);
    four_rounds(a.state, a.w3, k + 12);
    four_rounds(b.state, b.w3, k + 12);
    finish_block(a, states[0]);
    finish_block(b, states[1]);
  }
}

bool detect() {
  constexpr unsigned kExtendedFeatures = 7;
  constexpr unsigned kSha = 1u << 29;  // EBX.
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  return __builtin_cpu_supports("sse4.1") != 0 &&
         __get_cpuid_count(kExtendedFeatures, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (ebx & kSha) != 0;
}

constexpr std::size_t kLanes = 2;

// Rows of words to the registers that the instructions want, and back.
DAGFS_SHA_INLINE State load_state(const std::uint32_t* states,
                                  std::size_t lane) {
  const auto word = [states, lane](std::size_t i) {
    return static_cast<int>(states[i * kLanes + lane]);
  };
  return {_mm_set_epi32(word(0), word(1), word(4), word(5)),
          _mm_set_epi32(word(2), word(3), word(6), word(7))};
}

DAGFS_SHA_INLINE void store_state(const State& state, std::uint32_t* states,
                                  std::size_t lane) {
  constexpr std::size_t kPlaces[2][4] = {{5, 4, 1, 0}, {7, 6, 3, 2}};
  const __m128i registers[2] = {state.abef, state.cdgh};
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<std::uint32_t, 4> words;
    std::memcpy(words.data(), &registers[i], sizeof(words));
    for (std::size_t j = 0; j < words.size(); ++j) {
      states[kPlaces[i][j] * kLanes + lane] = words[j];
    }
  }
}

DAGFS_SHA_TARGET void compress_two(std::uint32_t* states,
                                   const std::byte* const* messages,
                                   std::size_t blocks) {
  State both[kLanes] = {load_state(states, 0), load_state(states, 1)};
  if (messages[0] != nullptr && messages[1] != nullptr) {
    hash_two(both, messages[0], messages[1], blocks);
  } else {
    const std::size_t lane = messages[0] != nullptr ? 0 : 1;
    hash_one(both[lane], messages[lane], blocks);
  }
  store_state(both[0], states, 0);
  store_state(both[1], states, 1);
}

}  // namespace
}  // namespace dagfs::car::sha256

namespace dagfs::car {

bool has_sha256_pair() {
  static const bool detected = sha256::detect();
  return detected;
}

std::optional<Sha256Kernel> sha256_pair_kernel() {
  if (!has_sha256_pair()) return std::nullopt;
  return Sha256Kernel{.name = "sha extensions",
                      .lanes = sha256::kLanes,
                      .cost_alone = 100,
                      .compress = &sha256::compress_two};
}

}  // namespace dagfs::car

#else

namespace dagfs::car {
bool has_sha256_pair() { return false; }
std::optional<Sha256Kernel> sha256_pair_kernel() { return std::nullopt; }
}  // namespace dagfs::car

#endif
