// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/storage_paths.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "car/base/file.h"

namespace dagfs::mount {
namespace {

using Json = nlohmann::json;

// Only what is needed is taken from the files, since newer versions add to
// them.
Result<Json> parse_object(std::string_view text) {
  Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_object()) return object;
  return Error(ErrorCode::kCorrupt, "it is not a JSON object");
}

Result<std::string> read_text(const std::string& path) {
  const auto file = DAGFS_TRY(PosixFile::open(path));
  if (file->size() > kStorageFileSizeMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{}: {} bytes, at most {} are read", path,
                             file->size(), kStorageFileSizeMax));
  }
  std::string text(file->size(), '\0');
  DAGFS_TRY_CONTEXT(file->read_at(0, std::as_writable_bytes(std::span(text))),
                    path);
  return text;
}

Result<std::vector<std::string>> read_storage_config(const std::string& path) {
  const std::string text = DAGFS_TRY(read_text(path));
  return DAGFS_TRY_CONTEXT(parse_storage_config(text), path);
}

// A folder without a readable one is used last.
std::uint64_t weight_of(const std::string& folder) {
  const auto text = read_text(folder + "/sectorstore.json");
  if (!text.ok()) return 0;
  const auto weight = parse_storage_weight(*text);
  return weight.ok() ? *weight : 0;
}

}  // namespace

std::string SectorId::name() const {
  return fmt::format("s-t0{}-{}", miner, number);
}

Result<std::vector<std::string>> parse_storage_config(std::string_view json) {
  const Json config = DAGFS_TRY(parse_object(json));
  const auto paths = config.find("StoragePaths");
  if (paths == config.end() || !paths->is_array()) {
    return Error(ErrorCode::kCorrupt, "\"StoragePaths\" is not a list");
  }
  std::vector<std::string> folders;
  for (const Json& entry : *paths) {
    const bool has_path = entry.is_object() && entry.contains("Path") &&
                          entry["Path"].is_string();
    if (!has_path) {
      return Error(ErrorCode::kCorrupt,
                   "an entry of \"StoragePaths\" has no \"Path\"");
    }
    auto folder = entry["Path"].get<std::string>();
    const bool is_usable =
        folder.starts_with('/') && folder.find('\0') == std::string::npos;
    if (is_usable) folders.push_back(std::move(folder));
  }
  return folders;
}

Result<std::uint64_t> parse_storage_weight(std::string_view json) {
  const Json store = DAGFS_TRY(parse_object(json));
  const auto weight = store.find("Weight");
  if (weight == store.end()) return std::uint64_t{0};
  if (!weight->is_number_unsigned()) {
    return Error(ErrorCode::kCorrupt, "\"Weight\" is not a number from 0");
  }
  return weight->get<std::uint64_t>();
}

UnsealedCopies find_unsealed_copies(const std::vector<std::string>& configs,
                                    const SectorId& sector) {
  UnsealedCopies found;
  std::vector<std::pair<std::uint64_t, std::string>> weighed;
  for (const std::string& config : configs) {
    const auto folders = read_storage_config(config);
    if (!folders.ok()) {
      found.trouble = folders.error().message();
      continue;
    }
    found.folders_searched += folders->size();
    for (const std::string& folder : *folders) {
      std::string file = folder + "/unsealed/" + sector.name();
      if (!stamp_of_path(file).ok()) continue;
      weighed.emplace_back(weight_of(folder), std::move(file));
    }
  }
  std::ranges::stable_sort(weighed, std::ranges::greater(),
                           &decltype(weighed)::value_type::first);
  for (auto& copy : weighed) found.files.push_back(std::move(copy.second));
  return found;
}

}  // namespace dagfs::mount
