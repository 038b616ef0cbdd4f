// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_pair.h"

#include <cassert>
#include <cstdlib>

#if defined(__x86_64__)

#include <cpuid.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "car/ipld/sha256_extensions.h"

namespace dagfs::car::sha256 {
namespace {

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

DAGFS_SHA_TARGET Sha256Pair digests(ByteView first, ByteView second) {
  State states[2] = {initial_state(), initial_state()};
  Message a(first);
  Message b(second);
  hash_both(states, a, b);
  return {digest_of(states[0]), digest_of(states[1])};
}

}  // namespace
}  // namespace dagfs::car::sha256

namespace dagfs::car {

bool has_sha256_pair() {
  static const bool detected = sha256::detect();
  return detected;
}

Sha256Pair sha256_pair(ByteView first, ByteView second) {
  assert(has_sha256_pair());
  return sha256::digests(first, second);
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
