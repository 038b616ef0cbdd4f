// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/submission_record.h"

#include <array>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "car/base/bytes.h"
#include "car/base/hex.h"

namespace dagfs::dagstore {
namespace {

using Json = nlohmann::json;

constexpr int kSubmissionVersion = 1;

constexpr std::array<std::pair<SubmissionState, std::string_view>, 5> kStates{{
    {SubmissionState::kOpen, "open"},
    {SubmissionState::kSealing, "sealing"},
    {SubmissionState::kPublishing, "publishing"},
    {SubmissionState::kSealed, "sealed"},
    {SubmissionState::kFailed, "failed"},
}};

// What a name in a directory can be, so that none leads out of it.
bool is_entry_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

Error wrong_record(std::string_view what) {
  return Error(ErrorCode::kCorrupt, "submission record: " + std::string(what));
}

}  // namespace

std::string_view to_string(SubmissionState state) {
  for (const auto& [known, name] : kStates) {
    if (known == state) return name;
  }
  return "unknown";
}

std::string_view to_string(SubmissionKind kind) {
  return kind == SubmissionKind::kFile ? "file" : "directory";
}

std::string encode_submission_record(const SubmissionRecord& record) {
  const Json json = {{"version", kSubmissionVersion},
                     // Names need not be UTF-8, which JSON must be.
                     {"name_hex", to_hex(as_bytes(record.name))},
                     {"named", record.named},
                     {"kind", to_string(record.kind)},
                     {"state", to_string(record.state)},
                     {"error", record.error},
                     {"is_closed", record.is_closed},
                     {"has_lost_bytes", record.has_lost_bytes},
                     {"key", record.key},
                     {"piece", record.piece},
                     {"root", record.root},
                     {"car_size", record.car_size},
                     {"piece_size", record.piece_size},
                     {"size", record.size},
                     {"permissions", record.permissions},
                     {"uid", record.uid},
                     {"gid", record.gid},
                     {"mtime", {record.mtime.tv_sec, record.mtime.tv_nsec}}};
  // Errors may quote what is not UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<SubmissionRecord> decode_submission_record(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version").get<int>() != kSubmissionVersion) {
      return wrong_record("of another version");
    }
    SubmissionRecord record;
    const auto name = bytes_from_hex(json.at("name_hex").get<std::string>());
    if (!name) return wrong_record("no name");
    record.name = as_text(*name);
    record.named = json.at("named").get<std::uint64_t>();
    record.kind = json.at("kind").get<std::string>() == "directory"
                      ? SubmissionKind::kDirectory
                      : SubmissionKind::kFile;
    const auto state = json.at("state").get<std::string>();
    bool is_known = false;
    for (const auto& [known, text_of_state] : kStates) {
      if (text_of_state == state) {
        record.state = known;
        is_known = true;
      }
    }
    if (!is_known) return wrong_record("unknown state");
    const bool may_be_nameless = record.state == SubmissionState::kPublishing;
    if (!is_entry_name(record.name) &&
        !(record.name.empty() && may_be_nameless)) {
      return wrong_record("not a name");
    }
    record.error = json.at("error").get<std::string>();
    record.is_closed = json.at("is_closed").get<bool>();
    record.has_lost_bytes = json.at("has_lost_bytes").get<bool>();
    record.key = json.at("key").get<std::string>();
    record.piece = json.at("piece").get<std::string>();
    if (!record.piece.empty() && !is_entry_name(record.piece)) {
      return wrong_record("not a piece's name");
    }
    record.root = json.at("root").get<std::string>();
    record.car_size = json.at("car_size").get<std::uint64_t>();
    record.piece_size = json.at("piece_size").get<std::uint64_t>();
    record.size = json.at("size").get<std::uint64_t>();
    record.permissions = json.at("permissions").get<mode_t>();
    record.uid = json.at("uid").get<uid_t>();
    record.gid = json.at("gid").get<gid_t>();
    record.mtime = {.tv_sec = json.at("mtime").at(0).get<std::int64_t>(),
                    .tv_nsec = json.at("mtime").at(1).get<std::int64_t>()};
    return record;
  } catch (const std::exception& failure) {
    return wrong_record(failure.what());
  }
}

}  // namespace dagfs::dagstore
