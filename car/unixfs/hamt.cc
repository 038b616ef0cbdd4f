// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/hamt.h"

#include <fmt/core.h>

#include <bit>
#include <charconv>
#include <cstring>

#include "car/base/bytes.h"
#include "car/base/endian.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kFirst = 0x87c37b91114253d5;
constexpr std::uint64_t kSecond = 0x4cf5ad432745937f;
constexpr unsigned kHashBits = 64;

std::uint64_t scramble_first(std::uint64_t value) {
  return std::rotl(value * kFirst, 31) * kSecond;
}

std::uint64_t scramble_second(std::uint64_t value) {
  return std::rotl(value * kSecond, 33) * kFirst;
}

std::uint64_t finish(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

}  // namespace

std::uint64_t hamt_hash(std::string_view name) {
  constexpr std::size_t kRoundSize = 16;
  const ByteView bytes = as_bytes(name);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::size_t at = 0;
  for (; bytes.size() - at >= kRoundSize; at += kRoundSize) {
    first ^= scramble_first(load_le<std::uint64_t>(&bytes[at]));
    first = (std::rotl(first, 27) + second) * 5 + 0x52dce729;
    second ^= scramble_second(load_le<std::uint64_t>(&bytes[at + 8]));
    second = (std::rotl(second, 31) + first) * 5 + 0x38495ab5;
  }
  // Zeros scramble to zero, so a padded tail mixes in like a shorter one.
  std::byte tail[kRoundSize] = {};
  if (at < bytes.size()) std::memcpy(tail, &bytes[at], bytes.size() - at);
  second ^= scramble_second(load_le<std::uint64_t>(tail + 8));
  first ^= scramble_first(load_le<std::uint64_t>(tail));

  first ^= bytes.size();
  second ^= bytes.size();
  first += second;
  second += first;
  return finish(first) + finish(second);
}

HamtFanout::HamtFanout(std::uint64_t fanout) : prefix_size_(0) {
  if (fanout == 0) return;
  // The highest slot is fanout - 1; slot 0 still takes one digit.
  const auto width = static_cast<std::size_t>(std::bit_width(fanout - 1));
  prefix_size_ = fanout == 1 ? 1 : (width + 3) / 4;
  if (fanout < 2 || fanout > kHamtFanoutMax || !std::has_single_bit(fanout)) {
    return;
  }
  bits_ = static_cast<unsigned>(width);
}

std::optional<std::uint64_t> HamtFanout::slot(std::uint64_t hash,
                                              unsigned bits_used) const {
  if (!bits_ || bits_used + *bits_ > kHashBits) return std::nullopt;
  return (hash << bits_used) >> (kHashBits - *bits_);
}

std::string HamtFanout::prefix(std::uint64_t slot) const {
  return fmt::format("{:0{}X}", slot, prefix_size_);
}

std::optional<std::uint64_t> parse_hamt_prefix(std::string_view prefix) {
  std::uint64_t slot = 0;
  const char* const end = prefix.data() + prefix.size();
  const auto [stop, error] = std::from_chars(prefix.data(), end, slot, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return slot;
}

}  // namespace dagfs::car
