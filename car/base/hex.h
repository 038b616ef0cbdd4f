// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <optional>
#include <string_view>

#include "car/base/bytes.h"

namespace dagfs {

// The way back from to_hex(). nullopt: an odd number of digits, or others than
// 0 to 9 and a to f.
std::optional<Bytes> bytes_from_hex(std::string_view hex);

}  // namespace dagfs
