// SPDX-License-Identifier: Apache-2.0 OR MIT

// The ways of padding that fr32_kernels() chooses from. Each takes all of a
// quad before it writes any of it, and they go through quads in the order that
// working in place asks for: padding from the last to the first, unpadding from
// the first to the last.

#pragma once

#include "mount/piece/fr32.h"

namespace dagfs::mount {

// On any processor.
Fr32Kernel fr32_words();

}  // namespace dagfs::mount
