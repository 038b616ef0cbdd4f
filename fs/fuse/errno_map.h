// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/error.h"

namespace dagfs::fs {

// What the kernel is told for `error`.
int errno_from(const Error& error);

}  // namespace dagfs::fs
