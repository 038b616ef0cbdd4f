// SPDX-License-Identifier: Apache-2.0 OR MIT

// Extended attributes that nodes answer. docs/mount.md says which has which.

#pragma once

#include <string_view>

namespace dagfs::fs {

inline constexpr std::string_view kCidAttribute = "user.ipfs.cid";
// What IPFS's own mounts call it. Answered, but not listed: no other file
// system takes a name outside "user.", so a copy with attributes would fail
// over it.
inline constexpr std::string_view kPlainCidAttribute = "ipfs.cid";
inline constexpr std::string_view kShardAttribute = "user.dagfs.shard";
inline constexpr std::string_view kStateAttribute = "user.dagfs.state";
inline constexpr std::string_view kErrorAttribute = "user.dagfs.error";
inline constexpr std::string_view kRawNameAttribute = "user.dagfs.name";
// Set, not answered: a submission of the inbox is to be sealed now.
inline constexpr std::string_view kSealAttribute = "user.dagfs.seal";

}  // namespace dagfs::fs
