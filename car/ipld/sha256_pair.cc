// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_pair.h"

#include <cassert>
#include <cstdlib>

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

// Compiled for these whatever the rest of the program is compiled for.
#define DAGFS_SHA_TARGET __attribute__((target("sha,sse4.1")))
#define DAGFS_SHA_INLINE \
  __attribute__((target("sha,sse4.1"), always_inline)) inline

namespace dagfs::car {
namespace {

constexpr std::size_t kHashBlockSize = 64;

alignas(16) constexpr std::uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The eight words of the state as the instructions want them: a, b, e, f in one
// register and c, d, g, h in another, the first word highest.
struct State {
  __m128i abef;
  __m128i cdgh;
};

// One message on its way through the rounds: its state, and the sixteen words
// of the schedule that are live.
struct Lane {
  State state;
  __m128i w0;
  __m128i w1;
  __m128i w2;
  __m128i w3;
};

// A message, as whole blocks still to hash and then a padded tail.
struct Message {
  explicit Message(ByteView bytes);

  const std::byte* next;
  std::size_t blocks;  // From `next`.
  std::array<std::byte, 2 * kHashBlockSize> tail{};
  std::size_t tail_blocks;
};

Message::Message(ByteView bytes)
    : next(bytes.data()), blocks(bytes.size() / kHashBlockSize) {
  const ByteView rest = bytes.subspan(blocks * kHashBlockSize);
  std::ranges::copy(rest, tail.begin());
  tail[rest.size()] = std::byte{0x80};
  // The length in bits takes the last eight bytes.
  tail_blocks = rest.size() + 1 + 8 <= kHashBlockSize ? 1 : 2;
  const std::uint64_t bits = __builtin_bswap64(std::uint64_t{bytes.size()} * 8);
  std::memcpy(&tail[tail_blocks * kHashBlockSize - 8], &bits, 8);
}

DAGFS_SHA_INLINE __m128i load_words(const std::byte* from) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)), swap);
}

DAGFS_SHA_INLINE void start_block(Lane& lane, const State& state,
                                  const std::byte* block) {
  lane.state = state;
  lane.w0 = load_words(block);
  lane.w1 = load_words(block + 16);
  lane.w2 = load_words(block + 32);
  lane.w3 = load_words(block + 48);
}

DAGFS_SHA_INLINE void finish_block(const Lane& lane, State& state) {
  state.abef = _mm_add_epi32(state.abef, lane.state.abef);
  state.cdgh = _mm_add_epi32(state.cdgh, lane.state.cdgh);
}

DAGFS_SHA_INLINE void four_rounds(State& state, __m128i words,
                                  const std::uint32_t* constants) {
  __m128i sum = _mm_add_epi32(
      words, _mm_load_si128(reinterpret_cast<const __m128i*>(constants)));
  state.cdgh = _mm_sha256rnds2_epu32(state.cdgh, state.abef, sum);
  sum = _mm_shuffle_epi32(sum, 0x0e);
  state.abef = _mm_sha256rnds2_epu32(state.abef, state.cdgh, sum);
}

// The four words that take the place of `a`, from the sixteen up to `d`.
DAGFS_SHA_INLINE void schedule(__m128i& a, __m128i b, __m128i c, __m128i d) {
  const __m128i sum =
      _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
  a = _mm_sha256msg2_epu32(sum, d);
}

DAGFS_SHA_TARGET void hash_one(State& state, const std::byte* blocks,
                               std::size_t count) {
  for (; count > 0; --count, blocks += kHashBlockSize) {
    Lane a;
    start_block(a, state, blocks);
    const std::uint32_t* k = kRoundConstants;
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
    const std::uint32_t* k = kRoundConstants;
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

DAGFS_SHA_TARGET State initial_state() {
  return {_mm_set_epi32(0x6a09e667, static_cast<int>(0xbb67ae85), 0x510e527f,
                        static_cast<int>(0x9b05688c)),
          _mm_set_epi32(0x3c6ef372, static_cast<int>(0xa54ff53a), 0x1f83d9ab,
                        0x5be0cd19)};
}

DAGFS_SHA_TARGET std::array<std::byte, 32> digest_of(const State& state) {
  // To a, b, c, d and e, f, g, h, the first word lowest, and big-endian.
  const __m128i feba = _mm_shuffle_epi32(state.abef, 0x1b);
  const __m128i hgdc = _mm_shuffle_epi32(state.cdgh, 0x1b);
  const __m128i low = _mm_unpacklo_epi64(feba, hgdc);
  const __m128i high = _mm_unpackhi_epi64(feba, hgdc);
  std::array<std::byte, 32> out;
  auto* const to = reinterpret_cast<__m128i*>(out.data());
  std::memcpy(to, &low, 16);
  std::memcpy(to + 1, &high, 16);
  for (std::size_t i = 0; i < out.size(); i += 4) {
    std::reverse(&out[i], &out[i] + 4);
  }
  return out;
}

// Hashes `a` and `b` together as far as both go, then what is left of either.
void hash_both(State (&states)[2], Message& a, Message& b) {
  const std::size_t common = std::min(a.blocks, b.blocks);
  hash_two(states, a.next, b.next, common);
  a.next += common * kHashBlockSize;
  b.next += common * kHashBlockSize;
  hash_one(states[0], a.next, a.blocks - common);
  hash_one(states[1], b.next, b.blocks - common);

  hash_two(states, a.tail.data(), b.tail.data(), 1);
  hash_one(states[0], &a.tail[kHashBlockSize], a.tail_blocks - 1);
  hash_one(states[1], &b.tail[kHashBlockSize], b.tail_blocks - 1);
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

}  // namespace

bool has_sha256_pair() {
  static const bool detected = detect();
  return detected;
}

Sha256Pair sha256_pair(ByteView first, ByteView second) {
  assert(has_sha256_pair());
  State states[2] = {initial_state(), initial_state()};
  Message a(first);
  Message b(second);
  hash_both(states, a, b);
  return {digest_of(states[0]), digest_of(states[1])};
}

}  // namespace dagfs::car

#else

namespace dagfs::car {

bool has_sha256_pair() { return false; }

Sha256Pair sha256_pair(ByteView, ByteView) {
  assert(false && "asked without has_sha256_pair()");
  std::abort();
}

}  // namespace dagfs::car

#endif
