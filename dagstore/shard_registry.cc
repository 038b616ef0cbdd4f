// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_registry.h"

#include <fmt/core.h>

#include <atomic>
#include <chrono>

#include "car/base/kill_point.h"
#include "dagstore/shard_record.h"
#include "mount/segment_mount.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kShardPrefix = "shard/";
constexpr std::string_view kFolderPrefix = "folder/";
// Apart from the shards: what is found out about segments is no registration.
constexpr std::string_view kSegmentPrefix = "segment/";
constexpr std::string_view kChangePrefix = "changed/";

std::string shard_row(std::string_view key) {
  return std::string(kShardPrefix).append(key);
}

std::string row_of(const ShardKey& key) {
  if (!key.as_segment()) return shard_row(key.text());
  return std::string(kSegmentPrefix).append(key.text());
}

// The first possible row behind that of `after`: keys hold no NUL.
std::string row_behind(std::string_view after) {
  std::string row = shard_row(after);
  if (!after.empty()) row.push_back('\0');
  return row;
}

// Its own for each change: by the time for those of several processes, by the
// count for those of one.
std::string change_row(std::string_view key) {
  static std::atomic<std::uint64_t> count = 0;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ticks =
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return fmt::format("{}{}{}{:016x}{:x}", kChangePrefix, key, '\0', ticks,
                     ++count);
}

ShardInfo unreadable_shard(ShardKey key, const Error& error) {
  return {.key = std::move(key),
          .url = {},
          .state = ShardState::kErrored,
          .error = "registry record: " + error.message()};
}

}  // namespace

Result<ShardRegistry> ShardRegistry::open(const std::string& directory) {
  return ShardRegistry(DAGFS_TRY(LevelDb::open(directory)));
}

// There as long as its aggregate is registered; its row only keeps what was
// found out.
Result<ShardInfo> ShardRegistry::get_segment(
    const ShardKey& key, const ShardKey::Segment& segment) const {
  const ShardInfo aggregate = DAGFS_TRY(get(segment.aggregate));
  ShardInfo info{.key = key, .registered_at = aggregate.registered_at};
  const auto record =
      DAGFS_TRY_CONTEXT(db_.get(row_of(key)), "registry record");
  if (record.has_value()) {
    auto known = decode_shard_record(key, *record);
    if (known.ok()) info = std::move(known).value();
  }
  info.url = mount::segment_url(segment.number, aggregate.url);
  return info;
}

Result<ShardInfo> ShardRegistry::get(const ShardKey& key) const {
  if (const auto segment = key.as_segment()) return get_segment(key, *segment);
  const auto record =
      DAGFS_TRY_CONTEXT(db_.get(shard_row(key.text())), "registry record");
  if (!record.has_value()) {
    return Error(ErrorCode::kNotFound, "not registered");
  }
  return DAGFS_TRY_CONTEXT(decode_shard_record(key, *record),
                           "registry record");
}

Result<bool> ShardRegistry::contains(const ShardKey& key) const {
  if (const auto segment = key.as_segment()) {
    return contains(segment->aggregate);
  }
  auto record = db_.get(shard_row(key.text()));
  // What cannot be read may be there: taken, until it is removed.
  if (!record.ok() && record.error().code() == ErrorCode::kCorrupt) return true;
  return DAGFS_TRY(std::move(record)).has_value();
}

Status ShardRegistry::add(const std::vector<ShardInfo>& shards,
                          const std::vector<std::string>& backing_folders) {
  LevelDbBatch batch;
  for (const std::string& folder : backing_folders) {
    batch.put(std::string(kFolderPrefix) + folder, {});
  }
  for (const ShardInfo& shard : shards) {
    batch.put(shard_row(shard.key.text()), encode_shard_record(shard));
  }
  kill_point("register.begin");
  DAGFS_TRY(db_.write(batch, Sync::kYes));
  kill_point("register.written");
  return ok_status();
}

Status ShardRegistry::put(const ShardInfo& info, Sync sync) {
  LevelDbBatch batch;
  batch.put(row_of(info.key), encode_shard_record(info));
  return db_.write(batch, sync);
}

Status ShardRegistry::put_indexed(const ShardInfo& info) {
  LevelDbBatch batch;
  batch.put(row_of(info.key), encode_shard_record(info));
  batch.put(change_row(info.key.text()), {});
  return db_.write(batch, Sync::kYes);
}

Status ShardRegistry::remove(const ShardKey& key) {
  LevelDbBatch batch;
  batch.remove(row_of(key));
  batch.put(change_row(key.text()), {});
  const std::string segments = std::string(kSegmentPrefix) + key.text() + '/';
  DAGFS_TRY(db_.for_each(
      segments, segments,
      [&](std::string_view row, std::string_view /*value*/) {
        batch.remove(row);
        batch.put(change_row(row.substr(kSegmentPrefix.size())), {});
        return true;
      }));
  return db_.write(batch, Sync::kYes);
}

Result<std::vector<ShardRegistry::Change>> ShardRegistry::changes(
    std::string_view after, std::size_t max) const {
  std::vector<Change> found;
  DAGFS_TRY(db_.for_each(
      kChangePrefix, after, [&](std::string_view row, std::string_view) {
        if (row == after) return true;
        const auto named = row.substr(kChangePrefix.size());
        auto key = ShardKey::from_stored(named.substr(0, named.find('\0')));
        if (!key.ok()) return true;  // No such row was ever written by us.
        found.push_back({std::move(key).value(), std::string(row)});
        return found.size() < max;
      }));
  return found;
}

Status ShardRegistry::note_change(const ShardKey& key) {
  LevelDbBatch batch;
  batch.put(change_row(key.text()), {});
  return db_.write(batch, Sync::kNo);
}

Status ShardRegistry::forget(const Change& change) {
  LevelDbBatch batch;
  batch.remove(change.row);
  return db_.write(batch, Sync::kNo);
}

Status ShardRegistry::for_each(std::string_view after,
                               const ShardVisitor& visit) const {
  return db_.for_each(
      kShardPrefix, row_behind(after),
      [&](std::string_view row, std::string_view record) {
        auto key = ShardKey::parse(row.substr(kShardPrefix.size()));
        if (!key.ok()) return true;  // No such row was ever written by us.
        auto info = decode_shard_record(*key, record);
        if (info.ok()) return visit(std::move(info).value());
        return visit(unreadable_shard(std::move(key).value(), info.error()));
      });
}

Status ShardRegistry::for_each_segment(std::string_view after,
                                       const KeyVisitor& visit) const {
  const std::string from = std::string(kSegmentPrefix).append(after);
  return db_.for_each(kSegmentPrefix, from,
                      [&](std::string_view row, std::string_view /*record*/) {
                        const auto key = row.substr(kSegmentPrefix.size());
                        return key == after || visit(key);
                      });
}

Status ShardRegistry::for_each_key(std::string_view after,
                                   const KeyVisitor& visit) const {
  return db_.for_each(kShardPrefix, row_behind(after),
                      [&](std::string_view row, std::string_view /*record*/) {
                        return visit(row.substr(kShardPrefix.size()));
                      });
}

Result<std::vector<std::string>> ShardRegistry::backing_folders() const {
  std::vector<std::string> folders;
  DAGFS_TRY(db_.for_each(kFolderPrefix, kFolderPrefix,
                         [&](std::string_view row, std::string_view /*value*/) {
                           folders.emplace_back(
                               row.substr(kFolderPrefix.size()));
                           return true;
                         }));
  return folders;
}

}  // namespace dagfs::dagstore
