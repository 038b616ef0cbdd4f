// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/blake3.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "car/base/endian.h"

namespace dagfs::car {
namespace {

// All numbers below are the specification's.
constexpr std::size_t kBlockSize = 64;
constexpr std::size_t kChunkSize = 1024;
constexpr int kRounds = 7;

enum Flag : std::uint32_t {
  kChunkStart = 1,
  kChunkEnd = 2,
  kParent = 4,
  kRoot = 8,
};

using ChainingValue = std::array<std::uint32_t, 8>;
using BlockWords = std::array<std::uint32_t, 16>;

constexpr ChainingValue kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                    0xa54ff53a, 0x510e527f, 0x9b05688c,
                                    0x1f83d9ab, 0x5be0cd19};
constexpr std::array<std::uint8_t, 16> kPermutation = {
    2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};

// What one compression takes. Kept apart from its result because the last one,
// the root's, is repeated with a rising counter for longer output.
struct Compression {
  ChainingValue chaining_value;
  BlockWords block{};
  std::uint64_t counter = 0;
  std::uint32_t block_size = 0;
  std::uint32_t flags = 0;
};

void mix(BlockWords& v, const std::array<std::size_t, 4>& at, std::uint32_t x,
         std::uint32_t y) {
  auto& [a, b, c, d] = at;
  v[a] += v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

void round(BlockWords& v, const BlockWords& m) {
  mix(v, {0, 4, 8, 12}, m[0], m[1]);
  mix(v, {1, 5, 9, 13}, m[2], m[3]);
  mix(v, {2, 6, 10, 14}, m[4], m[5]);
  mix(v, {3, 7, 11, 15}, m[6], m[7]);
  mix(v, {0, 5, 10, 15}, m[8], m[9]);
  mix(v, {1, 6, 11, 12}, m[10], m[11]);
  mix(v, {2, 7, 8, 13}, m[12], m[13]);
  mix(v, {3, 4, 9, 14}, m[14], m[15]);
}

BlockWords compress(const Compression& in) {
  const ChainingValue& h = in.chaining_value;
  BlockWords v = {h[0],
                  h[1],
                  h[2],
                  h[3],
                  h[4],
                  h[5],
                  h[6],
                  h[7],
                  kInitial[0],
                  kInitial[1],
                  kInitial[2],
                  kInitial[3],
                  static_cast<std::uint32_t>(in.counter),
                  static_cast<std::uint32_t>(in.counter >> 32),
                  in.block_size,
                  in.flags};
  BlockWords m = in.block;
  for (int i = 0; i < kRounds; ++i) {
    round(v, m);
    BlockWords permuted;
    for (std::size_t j = 0; j < m.size(); ++j) permuted[j] = m[kPermutation[j]];
    m = permuted;
  }
  for (std::size_t i = 0; i < h.size(); ++i) {
    v[i] ^= v[i + 8];
    v[i + 8] ^= h[i];
  }
  return v;
}

ChainingValue chain(const Compression& in) {
  const BlockWords words = compress(in);
  ChainingValue out;
  std::copy_n(words.begin(), out.size(), out.begin());
  return out;
}

// The last compression of a chunk, all before it done.
Compression chunk(ByteView bytes, std::uint64_t counter) {
  Compression next{.chaining_value = kInitial, .counter = counter};
  next.flags = kChunkStart;
  for (;;) {
    const std::size_t size = std::min(bytes.size(), kBlockSize);
    next.block = {};
    if (size > 0) std::memcpy(next.block.data(), bytes.data(), size);
    next.block_size = static_cast<std::uint32_t>(size);
    bytes = bytes.subspan(size);
    if (bytes.empty()) break;
    next.chaining_value = chain(next);
    next.flags = 0;
  }
  next.flags |= kChunkEnd;
  return next;
}

Compression parent(const ChainingValue& left, const ChainingValue& right) {
  Compression out{.chaining_value = kInitial};
  std::copy(left.begin(), left.end(), out.block.begin());
  std::copy(right.begin(), right.end(), out.block.begin() + 8);
  out.block_size = kBlockSize;
  out.flags = kParent;
  return out;
}

// The compression at the root of the tree over `bytes`: full subtrees wait on
// a stack, one for each bit set in the number of chunks done, and the chunk
// that comes last joins them from the right.
Compression root(ByteView bytes) {
  // 2^54 chunks of 1 KiB are the specification's longest input.
  std::array<ChainingValue, 54> stack;
  std::size_t depth = 0;
  std::uint64_t chunks_done = 0;
  while (bytes.size() > kChunkSize) {
    ChainingValue value = chain(chunk(bytes.first(kChunkSize), chunks_done));
    bytes = bytes.subspan(kChunkSize);
    ++chunks_done;
    for (std::uint64_t n = chunks_done; (n & 1) == 0; n >>= 1) {
      value = chain(parent(stack[--depth], value));
    }
    stack[depth++] = value;
  }
  Compression last = chunk(bytes, chunks_done);
  while (depth > 0) last = parent(stack[--depth], chain(last));
  last.flags |= kRoot;
  return last;
}

}  // namespace

void blake3(ByteView bytes, std::span<std::byte> out) {
  Compression last = root(bytes);
  // From here on the counter numbers the blocks of output. A root that is a
  // chunk had number 0 as well, being the only one.
  while (!out.empty()) {
    const BlockWords words = compress(last);
    const std::size_t size = std::min(out.size(), kBlockSize);
    std::memcpy(out.data(), words.data(), size);
    out = out.subspan(size);
    ++last.counter;
  }
}

}  // namespace dagfs::car
