// SPDX-License-Identifier: Apache-2.0 OR MIT

// Where a storage provider's software keeps its sectors: storage.json of Lotus
// and Boost lists folders, and sectorstore.json in each says how it is used.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"

namespace dagfs::mount {

// Names a sector: that of a miner's actor, and its number there.
struct SectorId {
  std::uint64_t miner = 0;
  std::uint64_t number = 0;

  // "s-t01000-7". It is t0 on every network.
  std::string name() const;

  friend bool operator==(const SectorId&, const SectorId&) = default;
};

// Both files are at most this long: thousands of folders.
inline constexpr std::uint64_t kStorageFileSizeMax = std::uint64_t{1} << 20;

// The folders in a storage.json, in its order. Those that are not absolute are
// left out: nobody knows what they would be relative to. kCorrupt: it is no
// JSON, or has no list of paths.
Result<std::vector<std::string>> parse_storage_config(std::string_view json);

// The weight in a sectorstore.json; 0 where it says none. kCorrupt: it is no
// JSON object, or the weight is no number.
Result<std::uint64_t> parse_storage_weight(std::string_view json);

// What was found of a sector.
struct UnsealedCopies {
  std::vector<std::string> files;  // Those of the heaviest folder first.
  std::size_t folders_searched = 0;
  // Why a storage.json could not be read; empty if all could.
  std::string trouble;
};

// Looks for the unsealed copies of a sector in the folders that the files
// `configs` list. Everything is read anew each time, so that folders may come
// and go. One that is not there now is no error.
UnsealedCopies find_unsealed_copies(const std::vector<std::string>& configs,
                                    const SectorId& sector);

}  // namespace dagfs::mount
