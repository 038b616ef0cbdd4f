// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <string_view>

namespace dagfs::fs {

// What FUSE and most tools expect of the top of a mount.
inline constexpr std::uint64_t kRootInode = 1;

// The inode number of the entry `name` of the directory `parent`: a hash of the
// path, so that it is the same after each remount and needs no table. Never 0
// or kRootInode. Two paths may share one (by chance, among 5 billion, or where
// somebody tries hard): nothing here relies on it being unique.
std::uint64_t inode_of(std::uint64_t parent, std::string_view name);

}  // namespace dagfs::fs
