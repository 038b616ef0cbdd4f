// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <array>
#include <cstdint>
#include <cstring>

#include "car/base/endian.h"
#include "mount/piece/fr32_kernels.h"

namespace dagfs::mount {
namespace {

constexpr std::size_t kWords = 16;
constexpr std::size_t kElements = 4;
constexpr std::size_t kElementWords = 4;

using Words = std::array<std::uint64_t, kWords>;

Words words_of(const std::byte* from) {
  Words words;
  std::memcpy(words.data(), from, sizeof(words));
  return words;
}

// As words_of, of the 127 bytes that there are.
Words words_of_payload(const std::byte* from) {
  Words words;
  std::memcpy(words.data(), from, sizeof(words) - sizeof(std::uint64_t));
  // The word that ends with the last byte, without its first one.
  words[kWords - 1] = load_le<std::uint64_t>(from + kQuadUnpadded - 8) >> 8;
  return words;
}

void pad_quad(const std::byte* payload, std::byte* padded) {
  const Words in = words_of_payload(payload);
  Words out;
  for (std::size_t i = 0; i < kElementWords; ++i) out[i] = in[i];
  for (std::size_t element = 1; element < kElements; ++element) {
    const std::size_t shift = 2 * element;
    for (std::size_t i = element * kElementWords;
         i < (element + 1) * kElementWords; ++i) {
      out[i] = (in[i] << shift) | (in[i - 1] >> (64 - shift));
    }
  }
  for (std::size_t element = 0; element < kElements; ++element) {
    out[element * kElementWords + 3] &= kElementTop;
  }
  std::memcpy(padded, out.data(), sizeof(out));
}

void unpad_quad(const std::byte* padded, std::byte* payload) {
  Words in = words_of(padded);
  for (std::size_t element = 0; element < kElements; ++element) {
    in[element * kElementWords + 3] &= kElementTop;
  }
  Words out;
  for (std::size_t element = 0; element < kElements; ++element) {
    const std::size_t shift = 2 * element;
    const std::size_t first = element * kElementWords;
    for (std::size_t i = first; i < first + 3; ++i) {
      // Two shifts, because one of 64 bits for the first element is undefined.
      out[i] = (in[i] >> shift) | ((in[i + 1] << 1) << (63 - shift));
    }
    // The element's last word is two bits short: the next one's first follow.
    const std::uint64_t next = element + 1 < kElements ? in[first + 4] : 0;
    out[first + 3] = (in[first + 3] >> shift) | (next << (62 - shift));
  }
  std::memcpy(payload, out.data(), kQuadUnpadded);
}

void pad_by_words(const std::byte* payload, std::size_t quads,
                  std::byte* padded) {
  while (quads-- > 0) {
    pad_quad(payload + quads * kQuadUnpadded, padded + quads * kQuadPadded);
  }
}

void unpad_by_words(const std::byte* padded, std::size_t quads,
                    std::byte* payload) {
  for (; quads > 0; --quads) {
    unpad_quad(padded, payload);
    padded += kQuadPadded;
    payload += kQuadUnpadded;
  }
}

}  // namespace

Fr32Kernel fr32_words() {
  return {.name = "words", .pad = &pad_by_words, .unpad = &unpad_by_words};
}

}  // namespace dagfs::mount
