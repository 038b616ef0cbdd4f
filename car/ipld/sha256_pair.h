// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 of two messages at once. One message is a chain of instructions that
// each wait for the last, and leaves the processor half idle; two chains side
// by side take little longer than one (1.7 times the throughput on a Zen 4, and
// more than two need more registers than there are).

#pragma once

#include <array>
#include <cstddef>

#include "car/base/bytes.h"

namespace dagfs::car {

// Whether this processor can: x86-64 with the SHA extensions.
bool has_sha256_pair();

struct Sha256Pair {
  std::array<std::byte, 32> first;
  std::array<std::byte, 32> second;
};

// Only where has_sha256_pair(). The messages may differ in length: what one is
// longer is hashed alone.
Sha256Pair sha256_pair(ByteView first, ByteView second);

}  // namespace dagfs::car
