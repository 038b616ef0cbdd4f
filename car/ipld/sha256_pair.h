// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

namespace dagfs::car {

// Whether this processor has what sha256_extensions.h needs: x86-64 with the
// SHA extensions.
bool has_sha256_pair();

}  // namespace dagfs::car
