// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/store_json.h"

#include <fmt/core.h>

#include <limits>
#include <optional>

#include "car/base/hex.h"

namespace dagfs::tools {
namespace {

Error wrong_member(const char* name) {
  return Error(
      ErrorCode::kCorrupt,
      fmt::format("member \"{}\" is missing or of another type", name));
}

// Fills values from members of one object; remembers the first that fails.
class MemberReader {
 public:
  explicit MemberReader(const Json& object) : object_(object) {}

  void read(const char* name, std::string* value) {
    const Json* member = find(name);
    if (member == nullptr || !member->is_string()) return fail(name);
    *value = member->get<std::string>();
  }

  void read(const char* name, std::uint64_t* value) {
    const Json* member = find(name);
    if (member == nullptr || !member->is_number_unsigned()) return fail(name);
    *value = member->get<std::uint64_t>();
  }

  void read(const char* name, std::int64_t* value) {
    const Json* member = find(name);
    if (member == nullptr || !is_signed(*member)) return fail(name);
    *value = member->get<std::int64_t>();
  }

  void read(const char* name, bool* value) {
    const Json* member = find(name);
    if (member == nullptr || !member->is_boolean()) return fail(name);
    *value = member->get<bool>();
  }

  void read(const char* name, std::vector<std::string>* values) {
    const Json* member = find(name);
    if (member == nullptr || !member->is_array()) return fail(name);
    for (const Json& item : *member) {
      if (!item.is_string()) return fail(name);
      values->push_back(item.get<std::string>());
    }
  }

  // The member, or null where it is absent or JSON's null.
  const Json* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return nullptr;
    return &*found;
  }

  Status status() const {
    if (failed_ != nullptr) return wrong_member(failed_);
    return ok_status();
  }

 private:
  // get<int64_t> would wrap what does not fit.
  static bool is_signed(const Json& member) {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    if (!member.is_number_unsigned()) return member.is_number_integer();
    return member.get<std::uint64_t>() <= std::uint64_t{kMax};
  }

  void fail(const char* name) {
    if (failed_ == nullptr) failed_ = name;
  }

  const Json& object_;
  const char* failed_ = nullptr;
};

Json to_json(const PieceRecord& piece) {
  return {{"car_version", piece.car_version},
          {"roots", piece.roots},
          {"root_count", piece.root_count},
          {"size", piece.size},
          {"block_count", piece.block_count},
          {"block_bytes", piece.block_bytes},
          {"data_end", piece.data_end},
          {"index_size", piece.index_size},
          {"has_duplicates", piece.has_duplicates},
          {"embedded_index", piece.embedded_index}};
}

Result<PieceRecord> piece_record_from(const Json& json) {
  PieceRecord piece;
  MemberReader members(json);
  members.read("car_version", &piece.car_version);
  members.read("roots", &piece.roots);
  members.read("root_count", &piece.root_count);
  members.read("size", &piece.size);
  members.read("block_count", &piece.block_count);
  members.read("block_bytes", &piece.block_bytes);
  members.read("data_end", &piece.data_end);
  members.read("index_size", &piece.index_size);
  members.read("has_duplicates", &piece.has_duplicates);
  members.read("embedded_index", &piece.embedded_index);
  DAGFS_TRY(members.status());
  return piece;
}

}  // namespace

Json to_json(const ShardRecord& record) {
  Json json = {{"key", record.key},
               {"url", record.url},
               {"state", record.state},
               {"error", record.error},
               {"registered_at", record.registered_at},
               {"indexed_at", nullptr},
               {"piece", nullptr},
               {"leases", record.leases}};
  if (record.indexed_at) json["indexed_at"] = *record.indexed_at;
  if (record.piece) json["piece"] = to_json(*record.piece);
  return json;
}

Json to_json(const ShardPage& page) {
  Json shards = Json::array();
  for (const ShardRecord& record : page.shards) {
    shards.push_back(to_json(record));
  }
  return {{"shards", std::move(shards)}, {"more", page.more}};
}

Json to_json(const RegisterReport& report) {
  Json failures = Json::array();
  for (const RegisterReport::Failure& failure : report.failures) {
    failures.push_back(
        {{"position", failure.position}, {"reason", failure.reason}});
  }
  return {{"registered", report.registered},
          {"there_already", report.there_already},
          {"failures", std::move(failures)}};
}

Json to_json(const VerifyCounts& counts) {
  return {{"blocks", counts.blocks},
          {"bytes", counts.bytes},
          {"unverifiable", counts.unverifiable},
          {"bad", counts.bad}};
}

Json to_json(const PieceProof& proof) {
  return {{"piece_cid", proof.piece_cid},
          {"bytes", proof.bytes},
          {"piece_size", proof.piece_size},
          {"problem", proof.problem}};
}

Json to_json(const MigratedRecord& record) {
  return {{"id", record.id},
          {"piece", record.piece},
          {"url", record.url},
          {"outcome", record.outcome},
          {"why", record.why}};
}

Json to_json(const MigrationSummary& summary) {
  return {{"records", summary.records},     {"registered", summary.registered},
          {"known", summary.known},         {"inactive", summary.inactive},
          {"damaged", summary.damaged},     {"failed", summary.failed},
          {"complete", summary.is_complete}};
}

Json to_json(const ServiceStatus& status) {
  return {{"pid", status.pid},
          {"version", status.version},
          {"started_at", status.started_at},
          {"repo", status.repo},
          {"mountpoint", status.mountpoint},
          {"requests", status.requests}};
}

Result<ShardRecord> shard_record_from(const Json& json) {
  ShardRecord record;
  MemberReader members(json);
  members.read("key", &record.key);
  members.read("url", &record.url);
  members.read("state", &record.state);
  members.read("error", &record.error);
  members.read("registered_at", &record.registered_at);
  members.read("leases", &record.leases);
  if (members.find("indexed_at") != nullptr) {
    members.read("indexed_at", &record.indexed_at.emplace());
  }
  if (const Json* piece = members.find("piece")) {
    record.piece = DAGFS_TRY(piece_record_from(*piece));
  }
  DAGFS_TRY(members.status());
  return record;
}

Result<ShardPage> shard_page_from(const Json& json) {
  ShardPage page;
  MemberReader members(json);
  members.read("more", &page.more);
  DAGFS_TRY(members.status());
  const Json* shards = members.find("shards");
  if (shards == nullptr || !shards->is_array()) return wrong_member("shards");
  for (const Json& item : *shards) {
    page.shards.push_back(DAGFS_TRY(shard_record_from(item)));
  }
  return page;
}

Result<RegisterReport> register_report_from(const Json& json) {
  RegisterReport report;
  MemberReader members(json);
  members.read("registered", &report.registered);
  members.read("there_already", &report.there_already);
  DAGFS_TRY(members.status());
  const Json* failures = members.find("failures");
  if (failures == nullptr || !failures->is_array()) {
    return wrong_member("failures");
  }
  for (const Json& item : *failures) {
    RegisterReport::Failure failure;
    MemberReader parts(item);
    parts.read("position", &failure.position);
    parts.read("reason", &failure.reason);
    DAGFS_TRY(parts.status());
    report.failures.push_back(std::move(failure));
  }
  return report;
}

Result<VerifyCounts> verify_counts_from(const Json& json) {
  VerifyCounts counts;
  MemberReader members(json);
  members.read("blocks", &counts.blocks);
  members.read("bytes", &counts.bytes);
  members.read("unverifiable", &counts.unverifiable);
  members.read("bad", &counts.bad);
  DAGFS_TRY(members.status());
  return counts;
}

Result<PieceProof> piece_proof_from(const Json& json) {
  PieceProof proof;
  MemberReader members(json);
  members.read("piece_cid", &proof.piece_cid);
  members.read("bytes", &proof.bytes);
  members.read("piece_size", &proof.piece_size);
  members.read("problem", &proof.problem);
  DAGFS_TRY(members.status());
  return proof;
}

Result<MigratedRecord> migrated_record_from(const Json& json) {
  MigratedRecord record;
  MemberReader members(json);
  members.read("id", &record.id);
  members.read("piece", &record.piece);
  members.read("url", &record.url);
  members.read("outcome", &record.outcome);
  members.read("why", &record.why);
  DAGFS_TRY(members.status());
  return record;
}

Result<MigrationSummary> migration_summary_from(const Json& json) {
  MigrationSummary summary;
  MemberReader members(json);
  members.read("records", &summary.records);
  members.read("registered", &summary.registered);
  members.read("known", &summary.known);
  members.read("inactive", &summary.inactive);
  members.read("damaged", &summary.damaged);
  members.read("failed", &summary.failed);
  members.read("complete", &summary.is_complete);
  DAGFS_TRY(members.status());
  return summary;
}

Result<ServiceStatus> service_status_from(const Json& json) {
  ServiceStatus status;
  MemberReader members(json);
  members.read("pid", &status.pid);
  members.read("version", &status.version);
  members.read("started_at", &status.started_at);
  members.read("repo", &status.repo);
  members.read("mountpoint", &status.mountpoint);
  members.read("requests", &status.requests);
  DAGFS_TRY(members.status());
  return status;
}

Json to_json(const SubmissionEntry& entry) {
  return {{"name_hex", to_hex(as_bytes(entry.name))},
          {"kind", entry.kind},
          {"state", entry.state},
          {"error", entry.error},
          {"key", entry.key},
          {"root", entry.root},
          {"car_size", entry.car_size},
          {"piece_size", entry.piece_size}};
}

Json to_json(const SubmissionPage& page) {
  Json entries = Json::array();
  for (const SubmissionEntry& entry : page.entries) {
    entries.push_back(to_json(entry));
  }
  return {{"submissions", std::move(entries)}, {"more", page.more}};
}

Json to_json(const IngestedShard& shard) {
  return {{"key", shard.key},
          {"piece_cid_v2", shard.piece_cid_v2},
          {"roots", shard.roots},
          {"root_count", shard.root_count},
          {"car_size", shard.car_size},
          {"piece_size", shard.piece_size},
          {"block_count", shard.block_count}};
}

Result<SubmissionEntry> submission_entry_from(const Json& json) {
  SubmissionEntry entry;
  std::string name_hex;
  MemberReader members(json);
  members.read("name_hex", &name_hex);
  members.read("kind", &entry.kind);
  members.read("state", &entry.state);
  members.read("error", &entry.error);
  members.read("key", &entry.key);
  members.read("root", &entry.root);
  members.read("car_size", &entry.car_size);
  members.read("piece_size", &entry.piece_size);
  DAGFS_TRY(members.status());
  const std::optional<Bytes> name = bytes_from_hex(name_hex);
  if (!name) return wrong_member("name_hex");
  entry.name = as_text(*name);
  return entry;
}

Result<SubmissionPage> submission_page_from(const Json& json) {
  SubmissionPage page;
  MemberReader members(json);
  members.read("more", &page.more);
  DAGFS_TRY(members.status());
  const Json* entries = members.find("submissions");
  if (entries == nullptr || !entries->is_array()) {
    return wrong_member("submissions");
  }
  for (const Json& item : *entries) {
    page.entries.push_back(DAGFS_TRY(submission_entry_from(item)));
  }
  return page;
}

Result<IngestedShard> ingested_shard_from(const Json& json) {
  IngestedShard shard;
  MemberReader members(json);
  members.read("key", &shard.key);
  members.read("piece_cid_v2", &shard.piece_cid_v2);
  members.read("roots", &shard.roots);
  members.read("root_count", &shard.root_count);
  members.read("car_size", &shard.car_size);
  members.read("piece_size", &shard.piece_size);
  members.read("block_count", &shard.block_count);
  DAGFS_TRY(members.status());
  return shard;
}

}  // namespace dagfs::tools
