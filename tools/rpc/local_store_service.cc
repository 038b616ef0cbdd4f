// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/local_store_service.h"

#include <algorithm>
#include <chrono>

namespace dagfs::tools {
namespace {

// A page of records stays far below kRpcAnswerSizeMax even when JSON spells a
// byte in six characters.
constexpr std::size_t kPageTextMax = std::size_t{128} << 10;
constexpr std::uint64_t kPageShardsMax = 500;

// An error tells what went wrong in a sentence or a few.
constexpr std::size_t kErrorTextMax = std::size_t{8} << 10;

// What numbers and names of the members take, roughly.
constexpr std::size_t kRecordOverhead = 400;

std::int64_t seconds_since_epoch(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(
             time.time_since_epoch())
      .count();
}

PieceRecord record_from(const dagstore::PieceSummary& piece) {
  PieceRecord record = {.car_version = piece.car_version,
                        .root_count = piece.roots.size(),
                        .size = piece.size,
                        .block_count = piece.block_count,
                        .block_bytes = piece.block_bytes,
                        .data_end = piece.data_end,
                        .index_size = piece.index_size,
                        .has_duplicates = piece.has_duplicates,
                        .embedded_index = piece.embedded_index};
  const std::size_t told = std::min(piece.roots.size(), kRootsToldMax);
  for (std::size_t i = 0; i < told; ++i) {
    record.roots.push_back(piece.roots[i].to_string());
  }
  return record;
}

std::size_t text_size(const ShardRecord& record) {
  std::size_t size = kRecordOverhead + record.key.size() + record.url.size() +
                     record.error.size();
  if (!record.piece) return size;
  for (const std::string& root : record.piece->roots) size += root.size();
  return size + record.piece->embedded_index.size();
}

}  // namespace

ShardRecord record_from(const dagstore::ShardInfo& info) {
  ShardRecord record = {
      .key = info.key.text(),
      .url = info.url,
      .state = std::string(to_string(info.state)),
      .error = info.error.substr(0, kErrorTextMax),
      .registered_at = seconds_since_epoch(info.registered_at),
      .leases = info.leases};
  if (info.indexed_at) {
    record.indexed_at = seconds_since_epoch(*info.indexed_at);
  }
  if (info.piece) record.piece = record_from(*info.piece);
  return record;
}

Status LocalStoreService::register_shards(const std::vector<NewShard>& shards) {
  std::vector<dagstore::Dagstore::Registration> registrations;
  registrations.reserve(shards.size());
  for (const NewShard& shard : shards) {
    dagstore::ShardKey key = DAGFS_TRY(dagstore::ShardKey::parse(shard.key));
    registrations.push_back({.key = std::move(key), .url = shard.url});
  }
  return dagstore_->register_shards(registrations);
}

Result<ShardPage> LocalStoreService::list(const std::string& after,
                                          std::uint64_t limit) {
  const std::uint64_t count_max =
      std::clamp<std::uint64_t>(limit, 1, kPageShardsMax);
  ShardPage page;
  std::size_t text = 0;
  DAGFS_TRY(dagstore_->for_each(after, [&](const dagstore::ShardInfo& info) {
    page.more = page.shards.size() == count_max || text > kPageTextMax;
    if (page.more) return false;
    page.shards.push_back(record_from(info));
    text += text_size(page.shards.back());
    return true;
  }));
  return page;
}

Result<ShardRecord> LocalStoreService::info(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  return record_from(DAGFS_TRY(dagstore_->info(parsed)));
}

Status LocalStoreService::destroy(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  return dagstore_->destroy(parsed);
}

Result<ShardRecord> LocalStoreService::initialize(const std::string& key) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  { const dagstore::ShardLease lease = DAGFS_TRY(dagstore_->acquire(parsed)); }
  // Asked after the lease went back, so that the record does not count it.
  return record_from(DAGFS_TRY(dagstore_->info(parsed)));
}

Result<VerifyCounts> LocalStoreService::verify(const std::string& key,
                                               const VerifyObserver& observer) {
  const dagstore::ShardKey parsed = DAGFS_TRY(dagstore::ShardKey::parse(key));
  const dagstore::Dagstore::VerifyReport report =
      DAGFS_TRY(dagstore_->verify(parsed, observer.progress));
  if (observer.problem) {
    for (const std::string& line : report.bad) observer.problem(line);
  }
  return VerifyCounts{.blocks = report.blocks,
                      .bytes = report.bytes,
                      .unverifiable = report.unverifiable,
                      .bad = report.bad.size()};
}

}  // namespace dagfs::tools
