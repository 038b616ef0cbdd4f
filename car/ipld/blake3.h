// SPDX-License-Identifier: Apache-2.0 OR MIT

// BLAKE3 without a key, for blocks that name it; no library of Debian 12 has
// it. Portable code: one chunk after the other, no SIMD.
// https://github.com/BLAKE3-team/BLAKE3-specs

#pragma once

#include <cstddef>
#include <span>

#include "car/base/bytes.h"

namespace dagfs::car {

// Fills `out`, of any size, with the hash's output from its beginning.
void blake3(ByteView bytes, std::span<std::byte> out);

}  // namespace dagfs::car
