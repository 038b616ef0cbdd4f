// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "car/base/error.h"

namespace dagfs::fs {

// What the kernel is told for an Error of this code.
int errno_from(ErrorCode code);

}  // namespace dagfs::fs
