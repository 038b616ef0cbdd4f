// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::dagstore {

// The version that the text of a dagfs.toml sets. kCorrupt: it sets none, or
// two, or anything else.
Result<std::uint64_t> parse_repo_version(std::string_view text);

}  // namespace dagfs::dagstore
