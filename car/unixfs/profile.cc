// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/profile.h"

#include <fmt/core.h>

#include <bit>
#include <string>

#include "car/ipld/digest.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

constexpr NamedProfile kProfiles[] = {
    {"unixfs-v1-2025", {}},
    {"unixfs-v0-2015",
     {.cid_version = 0,
      .chunk_size = 256 * kKibibyte,
      .leaves = LeafFormat::kDagPb,
      .links_max = 174,
      .shard_estimate = DirectoryEstimate::kLinksBytes}},
    // Lotus only ever imported files; directories are as in unixfs-v1-2025.
    {"lotus", {.hash = HashCode::kBlake2b256, .inline_max = 126}},
};

template <typename Value, typename Limit>
Status check_range(std::string_view what, Value value, Limit min, Limit max) {
  if (value >= min && value <= max) return ok_status();
  return Error(
      ErrorCode::kInvalidArgument,
      fmt::format("{} is {}, allowed are {} to {}", what, value, min, max));
}

Status check_hash(const ImportProfile& profile) {
  if (digest_size(profile.hash).usual == 0) {
    return Error(
        ErrorCode::kUnsupported,
        fmt::format("no hash function for imports: {}", name_of(profile.hash)));
  }
  DAGFS_TRY(check_range("CID version", profile.cid_version, 0U, 1U));
  if (profile.cid_version == 0 && profile.hash != HashCode::kSha2_256) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("CIDs of version 0 have sha2-256, not {}",
                             name_of(profile.hash)));
  }
  return ok_status();
}

}  // namespace

std::span<const NamedProfile> import_profiles() { return kProfiles; }

Result<ImportProfile> find_import_profile(std::string_view name) {
  std::string known;
  for (const NamedProfile& named : kProfiles) {
    if (named.name == name) return named.profile;
    if (!known.empty()) known += ", ";
    known += named.name;
  }
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("no profile \"{}\"; there are {}", name, known));
}

Status check_import_profile(const ImportProfile& profile) {
  DAGFS_TRY(check_hash(profile));
  DAGFS_TRY(check_range("chunk size", profile.chunk_size, std::uint64_t{1},
                        kChunkSizeMax));
  DAGFS_TRY(check_range("links of a node", profile.links_max, std::size_t{2},
                        kFileLinksMax));
  DAGFS_TRY(check_range("size of a plain directory", profile.shard_threshold,
                        std::uint64_t{0}, kShardThresholdMax));
  DAGFS_TRY(check_range("fan-out", profile.fanout, kWrittenFanoutMin,
                        kWrittenFanoutMax));
  if (!std::has_single_bit(profile.fanout)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("fan-out {} is no power of two", profile.fanout));
  }
  if (!profile.inline_max) return ok_status();
  DAGFS_TRY(check_range("size of inlined blocks", *profile.inline_max,
                        std::size_t{0}, kInlineSizeMax));
  // Whole chunks lie in the file that is written, where they can be read back.
  if (*profile.inline_max >= profile.chunk_size) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("chunks of {} bytes would be inlined", profile.chunk_size));
  }
  return ok_status();
}

}  // namespace dagfs::car
