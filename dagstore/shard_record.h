// SPDX-License-Identifier: Apache-2.0 OR MIT

// Shards as the registry's database holds them: docs/formats/registry.md.

#pragma once

#include <string>
#include <string_view>

#include "car/base/result.h"
#include "dagstore/shard_info.h"

namespace dagfs::dagstore {

// A record's version field. A reader refuses any other.
inline constexpr std::uint64_t kRecordVersion = 1;

// Why a shard failed is one sentence; an error that quotes a hostile file shall
// not fill the registry.
inline constexpr std::size_t kRecordErrorSizeMax = 4096;

// The stored form of `info`: its key and leases take no part, its state is put
// at rest first. Bytes of the error that are not UTF-8 become U+FFFD.
std::string encode_shard_record(const ShardInfo& info);

// The shard `key` from its stored form. kCorrupt says which field is wrong;
// kUnsupported: another version.
Result<ShardInfo> decode_shard_record(const ShardKey& key,
                                      std::string_view record);

}  // namespace dagfs::dagstore
