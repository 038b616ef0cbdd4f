// SPDX-License-Identifier: Apache-2.0 OR MIT

// The ways of padding that fr32_kernels() chooses from.
//
// A quad is sixteen 64-bit words; of the last one the payload has seven bytes.
// Each four of them make an element, whose upper two bits are zero. So the bits
// of element E are moved by 2 E, and each padded word is made of one word of
// the payload and the one before it; unpadding, of a padded word and the next.
//
// Each kernel takes all of a quad before it writes any of it, and they go
// through quads in the order that working in place asks for: padding from the
// last to the first, unpadding from the first to the last.

#pragma once

#include <cstdint>
#include <optional>

#include "mount/piece/fr32.h"

namespace dagfs::mount {

// What of an element's last word is not padding.
inline constexpr std::uint64_t kElementTop = ~std::uint64_t{0} >> 2;

// Each is nullopt where the processor lacks what it needs.
std::optional<Fr32Kernel> fr32_avx512();  // Half a quad at once.
std::optional<Fr32Kernel> fr32_avx2();    // An element at once.
Fr32Kernel fr32_words();                  // Anywhere.

}  // namespace dagfs::mount
