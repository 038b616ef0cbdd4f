// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dagfs::dagstore {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;
using std::chrono::system_clock;

Error field_error(const char* name, std::string_view wanted) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("field \"{}\" is not {}", name, wanted));
}

Result<std::string> string_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_string()) {
    return field_error(name, "a string");
  }
  return field->get<std::string>();
}

Result<std::uint64_t> unsigned_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_number_unsigned()) {
    return field_error(name, "a number from 0 to 2^64 - 1");
  }
  return field->get<std::uint64_t>();
}

Result<std::int64_t> signed_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  const bool fits = field != object.end() && field->is_number_integer() &&
                    (!field->is_number_unsigned() ||
                     field->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!fits) return field_error(name, "a number of 64 bits");
  return field->get<std::int64_t>();
}

Result<bool> bool_field(const Json& object, const char* name) {
  const auto field = object.find(name);
  if (field == object.end() || !field->is_boolean()) {
    return field_error(name, "true or false");
  }
  return field->get<bool>();
}

Result<system_clock::time_point> time_field(const Json& object,
                                            const char* name) {
  // Up to the year 9999; beyond, the clock's nanoseconds overflow long before
  // a year that anybody means.
  constexpr std::uint64_t kSecondsMax = 9'000'000'000;
  const std::uint64_t value = DAGFS_TRY(unsigned_field(object, name));
  if (value > kSecondsMax) return field_error(name, "a time in seconds");
  return system_clock::time_point(seconds(value));
}

std::uint64_t to_seconds(system_clock::time_point time) {
  const auto count =
      std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
  return static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
}

Json encode_stamp(const FileStamp& stamp) {
  return {{"size", stamp.size},
          {"mtime_ns", stamp.mtime_ns},
          {"inode", stamp.inode},
          {"device", stamp.device}};
}

Result<FileStamp> decode_stamp(const Json& object) {
  FileStamp stamp;
  stamp.size = DAGFS_TRY(unsigned_field(object, "size"));
  stamp.mtime_ns = DAGFS_TRY(signed_field(object, "mtime_ns"));
  stamp.inode = DAGFS_TRY(unsigned_field(object, "inode"));
  stamp.device = DAGFS_TRY(unsigned_field(object, "device"));
  return stamp;
}

Json encode_piece(const PieceSummary& piece) {
  Json roots = Json::array();
  for (const car::Cid& root : piece.roots) roots.push_back(root.to_string());
  return {{"car_version", piece.car_version},
          {"roots", std::move(roots)},
          {"root_count", piece.root_count},
          {"size", piece.size},
          {"block_count", piece.block_count},
          {"block_bytes", piece.block_bytes},
          {"data_end", piece.data_end},
          {"index_size", piece.index_size},
          {"index_sha256", piece.index_sha256},
          {"has_duplicates", piece.has_duplicates},
          {"embedded_index", piece.embedded_index},
          {"stamp", encode_stamp(piece.stamp)}};
}

Result<std::vector<car::Cid>> decode_roots(const Json& piece) {
  const auto field = piece.find("roots");
  if (field == piece.end() || !field->is_array() ||
      field->size() > kSummaryRootsMax) {
    return field_error("roots", "a list of at most 1000 CIDs");
  }
  std::vector<car::Cid> roots;
  for (const Json& root : *field) {
    if (!root.is_string()) return field_error("roots", "a list of CIDs");
    auto cid = car::Cid::parse(root.get<std::string>());
    if (!cid.ok()) return field_error("roots", "a list of CIDs");
    roots.push_back(std::move(cid).value());
  }
  return roots;
}

Result<PieceSummary> decode_piece(const Json& object) {
  PieceSummary piece;
  const auto version = DAGFS_TRY(unsigned_field(object, "car_version"));
  if (version != 1 && version != 2) return field_error("car_version", "1 or 2");
  piece.car_version = static_cast<unsigned>(version);
  piece.roots = DAGFS_TRY(decode_roots(object));
  piece.root_count = DAGFS_TRY(unsigned_field(object, "root_count"));
  piece.size = DAGFS_TRY(unsigned_field(object, "size"));
  piece.block_count = DAGFS_TRY(unsigned_field(object, "block_count"));
  piece.block_bytes = DAGFS_TRY(unsigned_field(object, "block_bytes"));
  piece.data_end = DAGFS_TRY(unsigned_field(object, "data_end"));
  piece.index_size = DAGFS_TRY(unsigned_field(object, "index_size"));
  piece.index_sha256 = DAGFS_TRY(string_field(object, "index_sha256"));
  piece.has_duplicates = DAGFS_TRY(bool_field(object, "has_duplicates"));
  piece.embedded_index = DAGFS_TRY(string_field(object, "embedded_index"));
  const auto stamp = object.find("stamp");
  if (stamp == object.end() || !stamp->is_object()) {
    return field_error("stamp", "an object");
  }
  piece.stamp = DAGFS_TRY_CONTEXT(decode_stamp(*stamp), "stamp");
  return piece;
}

Result<ShardState> decode_state(const Json& object) {
  const auto number = DAGFS_TRY(unsigned_field(object, "state"));
  const ShardState state = DAGFS_TRY(shard_state_from_number(number));
  if (state != state_at_rest(state)) {
    return field_error("state", "one that is ever stored");
  }
  return state;
}

}  // namespace

std::string encode_shard_record(const ShardInfo& info) {
  Json object = {
      {"version", kRecordVersion},
      {"url", info.url},
      {"state", static_cast<std::uint8_t>(state_at_rest(info.state))},
      {"registered_at", to_seconds(info.registered_at)}};
  if (!info.error.empty()) {
    object["error"] = info.error.substr(0, kRecordErrorSizeMax);
  }
  if (info.indexed_at) object["indexed_at"] = to_seconds(*info.indexed_at);
  if (info.piece) object["piece"] = encode_piece(*info.piece);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ShardInfo> decode_shard_record(const ShardKey& key,
                                      std::string_view record) {
  const Json object = Json::parse(record, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return Error(ErrorCode::kCorrupt, "it is not a JSON object");
  }
  const auto version = DAGFS_TRY(unsigned_field(object, "version"));
  if (version != kRecordVersion) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("it has version {}; only {} is known", version,
                             kRecordVersion));
  }

  ShardInfo info{.key = key, .url = DAGFS_TRY(string_field(object, "url"))};
  info.state = DAGFS_TRY(decode_state(object));
  info.registered_at = DAGFS_TRY(time_field(object, "registered_at"));
  if (object.contains("error")) {
    info.error = DAGFS_TRY(string_field(object, "error"));
  }
  if (object.contains("indexed_at")) {
    info.indexed_at = DAGFS_TRY(time_field(object, "indexed_at"));
  }
  const auto piece = object.find("piece");
  if (piece != object.end()) {
    if (!piece->is_object()) return field_error("piece", "an object");
    info.piece = DAGFS_TRY_CONTEXT(decode_piece(*piece), "piece");
  }
  if (info.state == ShardState::kAvailable && !info.piece) {
    return Error(ErrorCode::kCorrupt, "an available shard without \"piece\"");
  }
  return info;
}

}  // namespace dagfs::dagstore
