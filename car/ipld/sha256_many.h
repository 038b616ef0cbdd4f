// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 of many messages at once. One message is a chain of instructions
// that each wait for the last and leaves most of the processor idle; several
// side by side take little longer than one.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "car/base/bytes.h"

namespace dagfs::car {

using Sha256Digest = std::array<std::byte, 32>;

// How many messages of like length are worth collecting on this processor, at
// most kSha256LanesMax: 1 where they can only be hashed one after the other.
std::size_t sha256_lanes();
inline constexpr std::size_t kSha256LanesMax = 16;

// The digest of each message, in their order; there are as many `digests` as
// `messages`. Any number of any lengths: those that are much longer than the
// others are hashed alone. Safe for use from many threads at once.
void sha256_many(std::span<const ByteView> messages,
                 std::span<Sha256Digest> digests);

// Messages that are not in memory as a whole.
class Sha256Source {
 public:
  virtual ~Sha256Source() = default;

  // Some of message `index` from `offset` on: a multiple of 64 bytes, or all
  // that is left of it. The view is used until the next call for this message.
  // Empty: it cannot be had, and the message's digest will mean nothing.
  virtual ByteView slice(std::size_t index, std::uint64_t offset) = 0;
};

// The same for messages of the `sizes` given, each read once, from its start to
// its end. At most sha256_lanes() of them are read at a time.
void sha256_many(std::span<const std::uint64_t> sizes, Sha256Source& source,
                 std::span<Sha256Digest> digests);

}  // namespace dagfs::car
