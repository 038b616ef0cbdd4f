// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/chacha.h"

#include <sodium/crypto_stream_chacha20.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "car/ipld/digest.h"

namespace dagfs::tests {
namespace {

constexpr std::size_t kPortion = std::size_t{1} << 20;
constexpr std::size_t kChachaBlock = 64;

unsigned char* writable(Bytes* bytes) {
  return reinterpret_cast<unsigned char*>(bytes->data());
}
const unsigned char* as_unsigned(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

void chacha_stream(std::string_view seed, std::uint64_t size,
                   const std::function<void(ByteView)>& take) {
  std::array<std::byte, crypto_stream_chacha20_ietf_KEYBYTES> key;
  const auto hashed =
      car::compute_digest(car::HashCode::kSha2_256, as_bytes(seed), key);
  assert(hashed.ok());
  static_cast<void>(hashed);
  const std::array<unsigned char, crypto_stream_chacha20_ietf_NONCEBYTES>
      nonce{};

  const Bytes zeros(kPortion);
  Bytes portion(kPortion);
  std::uint32_t blocks_before = 0;
  for (std::uint64_t rest = size; rest > 0; rest -= portion.size()) {
    portion.resize(std::min<std::uint64_t>(rest, kPortion));
    crypto_stream_chacha20_ietf_xor_ic(writable(&portion), as_unsigned(zeros),
                                       portion.size(), nonce.data(),
                                       blocks_before, as_unsigned(key));
    blocks_before += kPortion / kChachaBlock;
    take(portion);
  }
}

Bytes chacha_bytes(std::string_view seed, std::uint64_t size) {
  Bytes out;
  out.reserve(size);
  chacha_stream(seed, size, [&](ByteView portion) {
    out.insert(out.end(), portion.begin(), portion.end());
  });
  return out;
}

std::vector<std::string> chacha_names(std::string_view seed, std::size_t count,
                                      std::size_t size, std::size_t last_size) {
  // With two zeros: this is the alphabet of Kubo's tests.
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyz01234567890-_";
  assert(count > 0);
  const Bytes bytes = chacha_bytes(seed, (count - 1) * size + last_size);
  std::vector<std::string> names(count);
  std::size_t at = 0;
  for (std::string& name : names) {
    const std::size_t length = &name == &names.back() ? last_size : size;
    for (std::size_t i = 0; i < length; ++i) {
      const auto value = std::to_integer<std::size_t>(bytes[at++]);
      name.push_back(kLetters[value % kLetters.size()]);
    }
  }
  return names;
}

}  // namespace dagfs::tests
