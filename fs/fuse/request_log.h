// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string_view>

#include "car/base/error.h"

namespace dagfs::fs {

// Says in the log that `request` was answered with `error`; a few times a
// second at most, as `grep -r` over damaged data fails thousands of times.
// Thread-safe.
void log_failure(std::string_view request, const Error& error);

}  // namespace dagfs::fs
