// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <string>

#include "car/base/result.h"

namespace dagfs::dagstore {

// Space that a repo keeps for itself: its database writes a few new files
// whenever it is opened, also on a disk that somebody has filled.
inline constexpr std::uint64_t kDiskReserveSize = std::uint64_t{2} << 20;

// What a database must find free before each write. What it could write in part
// only would make the records after that unreadable.
inline constexpr std::uint64_t kDatabaseSpaceMin = std::uint64_t{1} << 20;

// Sets the space aside again as far as there is any. Never fails.
void keep_disk_reserve(const std::string& repo);

// Gives it free; false: there was none.
bool release_disk_reserve(const std::string& repo);

// kNoSpace: the disk of `folder` has less free than that. kIo.
Status check_free_space(const std::string& folder, std::uint64_t size);

}  // namespace dagfs::dagstore
