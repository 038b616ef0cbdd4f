// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/inverted_index.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "car/base/kill_point.h"
#include "dagstore/durable_file.h"
#include "dagstore/inverted_rows.h"

namespace dagfs::dagstore {
namespace {

namespace filesystem = std::filesystem;

// Look-ups seek and filters answer only get(), so there are none. Entries come
// in the order of hashes, that is in none: the more is sorted in memory before
// it is written, the less often it is written again.
constexpr LevelDbTuning kInvertedTuning = {
    .has_filters = false,
    .write_buffer_size = std::size_t{16} << 20,
    .table_size = std::size_t{16} << 20,
    .cache_size = std::size_t{8} << 20};

// Entries that are written at once: about 1.5 MB.
constexpr std::size_t kBatchEntriesMax = 32 * 1024;

Error inverted_work_is_cancelled() {
  return Error(ErrorCode::kUnavailable, "the dagstore is being closed");
}

// Rows that are written or removed in batches as they come.
class RowWriter {
 public:
  RowWriter(LevelDb& db, Sync sync, const std::atomic<bool>& cancelled)
      : db_(db), sync_(sync), cancelled_(cancelled) {}

  Status put(std::string_view row) {
    batch_.put(row, {});
    return count();
  }
  Status remove(std::string_view row) {
    batch_.remove(row);
    return count();
  }

  Status flush() {
    if (cancelled_) return inverted_work_is_cancelled();
    if (count_ == 0) return ok_status();
    DAGFS_TRY(db_.write(batch_, sync_));
    batch_ = LevelDbBatch();
    count_ = 0;
    kill_point("inverted.batch");
    return ok_status();
  }

 private:
  Status count() { return ++count_ < kBatchEntriesMax ? ok_status() : flush(); }

  LevelDb& db_;
  const Sync sync_;
  const std::atomic<bool>& cancelled_;
  LevelDbBatch batch_;
  std::size_t count_ = 0;
};

// Tells `visit` the row of each entry that `content` has under `number`.
template <typename Visit>
Status for_each_entry(const car::CarIndex& index, std::uint64_t number,
                      const Visit& visit) {
  return index.for_each([&](const car::Multihash& multihash,
                            const car::IndexEntry& /*entry*/) -> Status {
    if (multihash.code == car::HashCode::kIdentity) return ok_status();
    std::string row = entry_prefix(multihash);
    append_number(number, &row);
    return visit(row);
  });
}

Result<std::optional<std::uint64_t>> number_of_key(const LevelDb& db,
                                                   const ShardKey& key) {
  const auto stored = DAGFS_TRY(db.get(member_row(key.text())));
  if (!stored.has_value()) return std::optional<std::uint64_t>();
  return std::optional(DAGFS_TRY(from_decimal(*stored)));
}

Result<std::optional<Place>> place_at(const LevelDb& db, std::uint64_t number) {
  const auto stored = DAGFS_TRY(db.get(place_row(number)));
  if (!stored.has_value()) return std::optional<Place>();
  return std::optional(DAGFS_TRY(decode_place(*stored)));
}

// The place of `key` and its number.
struct NumberedPlace {
  std::uint64_t number = 0;
  Place place;
};
Result<std::optional<NumberedPlace>> place_of(const LevelDb& db,
                                              const ShardKey& key) {
  const auto number = DAGFS_TRY(number_of_key(db, key));
  if (!number.has_value()) return std::optional<NumberedPlace>();
  auto place = DAGFS_TRY(place_at(db, *number));
  if (!place.has_value()) return std::optional<NumberedPlace>();
  return std::optional(NumberedPlace{*number, *std::move(place)});
}

void put_state(PlaceState state, NumberedPlace place, LevelDbBatch* batch) {
  place.place.state = state;
  batch->put(place_row(place.number), encode_place(place.place));
}

Result<std::uint64_t> next_number(const LevelDb& db) {
  const auto stored = DAGFS_TRY(db.get(kNextNumberRow));
  if (!stored.has_value()) return std::uint64_t{1};
  return from_decimal(*stored);
}

// Gives the content of `checksum` a number of its own. Numbers are never used
// again, so that what a dropped content left belongs to nobody.
Result<NumberedPlace> begin_content(LevelDb& db, const ShardKey& key,
                                    std::string_view checksum) {
  LevelDbBatch batch;
  const auto known = DAGFS_TRY(place_of(db, key));
  if (known.has_value()) {
    if (known->place.checksum == checksum) return *known;
    put_state(PlaceState::kDropped, *known, &batch);
  }
  const std::uint64_t number = DAGFS_TRY(next_number(db));
  NumberedPlace added = {number, Place{.state = PlaceState::kFilling,
                                       .checksum = std::string(checksum),
                                       .key = key.text()}};
  put_state(PlaceState::kFilling, added, &batch);
  batch.put(member_row(key.text()), to_decimal(number));
  batch.put(kNextNumberRow, to_decimal(number + 1));
  DAGFS_TRY(db.write(batch, Sync::kYes));
  kill_point("inverted.begun");
  return added;
}

// The numbers of `folder`'s databases, in ascending order.
std::vector<std::uint64_t> generations_in(const std::string& folder) {
  std::vector<std::uint64_t> found;
  std::error_code failure;
  for (const auto& entry : filesystem::directory_iterator(folder, failure)) {
    const auto number = from_decimal(entry.path().filename().string());
    if (number.ok()) found.push_back(*number);
  }
  std::ranges::sort(found);
  return found;
}

std::string path_of_generation(const std::string& folder,
                               std::uint64_t generation) {
  return fmt::format("{}/{}", folder, generation);
}

void remove_tree(const std::string& path) {
  std::error_code ignored;  // What stays is removed by the next open().
  filesystem::remove_all(path, ignored);
}

}  // namespace

struct InvertedIndex::Database {
  Database(std::string folder, std::uint64_t number, LevelDb opened)
      : path(std::move(folder)), generation(number), db(std::move(opened)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    db.reset();
    if (is_doomed) remove_tree(path);
  }

  const std::string path;
  const std::uint64_t generation;
  std::optional<LevelDb> db;
  std::atomic<bool> is_doomed = false;  // Its folder goes with it.
};

Result<InvertedIndex::DatabasePtr> InvertedIndex::open_database(
    const std::string& folder, std::uint64_t generation) {
  const std::string path = path_of_generation(folder, generation);
  LevelDb db = DAGFS_TRY(LevelDb::open(path, kInvertedTuning));
  const auto version = DAGFS_TRY(db.get(kVersionRow));
  if (!version.has_value()) {
    LevelDbBatch batch;
    batch.put(kVersionRow, kInvertedVersion);
    DAGFS_TRY(db.write(batch, Sync::kYes));
  } else if (*version != kInvertedVersion) {
    return Error(ErrorCode::kCorrupt, path + ": another version");
  }
  return std::make_shared<Database>(path, generation, std::move(db));
}

Result<std::unique_ptr<InvertedIndex>> InvertedIndex::open(
    const std::string& folder) {
  DAGFS_TRY(make_folder(folder));
  const std::vector<std::uint64_t> found = generations_in(folder);
  const std::uint64_t newest = found.empty() ? 1 : found.back();
  auto database = open_database(folder, newest);
  if (!database.ok() && database.error().code() == ErrorCode::kCorrupt) {
    database = open_database(folder, newest + 1);
  }
  DatabasePtr opened = DAGFS_TRY(std::move(database));
  for (const std::uint64_t generation : found) {
    if (generation == opened->generation) continue;
    remove_tree(path_of_generation(folder, generation));
  }
  return std::unique_ptr<InvertedIndex>(
      new InvertedIndex(folder, std::move(opened)));
}

InvertedIndex::DatabasePtr InvertedIndex::database() const {
  const MutexLock lock(mutex_);
  return database_;
}

Status InvertedIndex::restart() {
  const DatabasePtr old = database();
  DatabasePtr fresh = DAGFS_TRY_CONTEXT(
      open_database(folder_, old->generation + 1), "inverted index");
  old->is_doomed = true;
  const MutexLock lock(mutex_);
  database_.swap(fresh);  // `old` dies unlocked.
  return ok_status();
}

Result<std::vector<ShardKey>> InvertedIndex::find(
    const car::Multihash& multihash, std::size_t max) const {
  const DatabasePtr opened = database();
  const LevelDb& db = *opened->db;
  const std::string prefix = entry_prefix(multihash);
  std::vector<ShardKey> keys;
  Status read = ok_status();
  const auto visit = [&](std::string_view row, std::string_view) {
    const auto number = parse_number(row.substr(prefix.size()));
    if (!number.ok()) return true;  // No such row was ever written by us.
    const auto place = place_at(db, *number);
    if (!place.ok()) {
      read = place.error();
      return false;
    }
    if (place->has_value() && (*place)->state == PlaceState::kComplete) {
      auto key = ShardKey::from_stored((*place)->key);
      if (key.ok()) keys.push_back(std::move(key).value());
    }
    return keys.size() < max;
  };
  DAGFS_TRY_CONTEXT(db.find(prefix, visit), "inverted index");
  DAGFS_TRY_CONTEXT(std::move(read), "inverted index");
  return keys;
}

Result<std::optional<InvertedIndex::Member>> InvertedIndex::member(
    const ShardKey& key) const {
  const DatabasePtr opened = database();
  const auto known =
      DAGFS_TRY_CONTEXT(place_of(*opened->db, key), "inverted index");
  if (!known.has_value()) return std::optional<Member>();
  return std::optional(
      Member{.key = known->place.key,
             .checksum = known->place.checksum,
             .is_complete = known->place.state == PlaceState::kComplete});
}

Status InvertedIndex::for_each_member(const MemberVisitor& visit) const {
  const DatabasePtr opened = database();
  return opened->db->for_each(
      kPlacePrefix, kPlacePrefix, [&](std::string_view, std::string_view row) {
        const auto place = decode_place(row);
        if (!place.ok() || place->state == PlaceState::kDropped) return true;
        return visit({.key = place->key,
                      .checksum = place->checksum,
                      .is_complete = place->state == PlaceState::kComplete});
      });
}

Status InvertedIndex::add(const ShardKey& key, const Content& content,
                          const std::atomic<bool>& cancelled) {
  const DatabasePtr opened = database();
  LevelDb& db = *opened->db;
  const NumberedPlace place = DAGFS_TRY_CONTEXT(
      begin_content(db, key, content.checksum), "inverted index");
  if (place.place.state == PlaceState::kComplete) return ok_status();

  // Synced, each of them: a synced write says nothing of those before it that
  // went to an earlier log.
  RowWriter writer(db, Sync::kYes, cancelled);
  DAGFS_TRY_CONTEXT(
      for_each_entry(content.index, place.number,
                     [&](const std::string& row) { return writer.put(row); }),
      "inverted index");
  DAGFS_TRY_CONTEXT(writer.flush(), "inverted index");
  kill_point("inverted.filled");
  LevelDbBatch batch;
  put_state(PlaceState::kComplete, place, &batch);
  DAGFS_TRY_CONTEXT(db.write(batch, Sync::kYes), "inverted index");
  kill_point("inverted.complete");
  return ok_status();
}

Status InvertedIndex::drop(const ShardKey& key, const Content* old,
                           const std::atomic<bool>& cancelled) {
  const DatabasePtr opened = database();
  LevelDb& db = *opened->db;
  const auto known = DAGFS_TRY_CONTEXT(place_of(db, key), "inverted index");
  if (!known.has_value()) return ok_status();

  LevelDbBatch batch;
  put_state(PlaceState::kDropped, *known, &batch);
  batch.remove(member_row(key.text()));
  DAGFS_TRY_CONTEXT(db.write(batch, Sync::kYes), "inverted index");
  kill_point("inverted.dropped");
  if (old == nullptr || old->checksum != known->place.checksum) {
    return ok_status();
  }
  // Not synced: what comes back after a crash belongs to nobody.
  RowWriter writer(db, Sync::kNo, cancelled);
  DAGFS_TRY_CONTEXT(for_each_entry(old->index, known->number,
                                   [&](const std::string& row) {
                                     return writer.remove(row);
                                   }),
                    "inverted index");
  DAGFS_TRY(writer.remove(place_row(known->number)));
  return writer.flush();
}

Result<std::string> InvertedIndex::progress() const {
  const DatabasePtr opened = database();
  auto stored =
      DAGFS_TRY_CONTEXT(opened->db->get(kProgressRow), "inverted index");
  return std::move(stored).value_or(std::string());
}

Status InvertedIndex::set_progress(std::string_view progress) {
  const DatabasePtr opened = database();
  LevelDbBatch batch;
  batch.put(kProgressRow, progress);
  return opened->db->write(batch, Sync::kYes);
}

// Which numbers entries may have, and which of the others are still listed.
struct InvertedIndex::Numbers {
  std::vector<bool> is_used;           // By number.
  std::vector<std::uint64_t> dropped;  // In ascending order.

  bool is_orphan(std::uint64_t number) const {
    // One behind the end was given after the list was made.
    return number < is_used.size() && !is_used[number];
  }
};

Result<InvertedIndex::Numbers> InvertedIndex::read_numbers(const LevelDb& db) {
  Numbers numbers;
  const std::uint64_t next = DAGFS_TRY(next_number(db));
  DAGFS_TRY(db.for_each(kPlacePrefix, kPlacePrefix,
                        [&](std::string_view row, std::string_view value) {
                          const auto number = number_of_place(row);
                          const auto place = decode_place(value);
                          if (!number.ok() || *number >= next || !place.ok())
                            return true;
                          numbers.is_used.resize(*number + 1);
                          numbers.is_used[*number] =
                              place->state != PlaceState::kDropped;
                          if (!numbers.is_used[*number])
                            numbers.dropped.push_back(*number);
                          return true;
                        }));
  return numbers;
}

Result<InvertedIndex::SweepReport> InvertedIndex::sweep(
    SweepMode mode, const std::atomic<bool>& cancelled) {
  const DatabasePtr opened = database();
  LevelDb& db = *opened->db;
  const Numbers numbers = DAGFS_TRY_CONTEXT(read_numbers(db), "inverted index");
  SweepReport report;
  report.contents = numbers.dropped.size();
  RowWriter writer(db, Sync::kNo, cancelled);
  Status written = ok_status();
  DAGFS_TRY_CONTEXT(
      db.for_each(kEntryPrefix, kEntryPrefix,
                  [&](std::string_view row, std::string_view) {
                    ++report.entries;
                    const auto number = number_of_entry(row);
                    if (number.ok() && !numbers.is_orphan(*number)) return true;
                    ++report.orphans;
                    if (mode == SweepMode::kRemove)
                      written = writer.remove(row);
                    return written.ok() && !cancelled;
                  }),
      "inverted index");
  DAGFS_TRY_CONTEXT(std::move(written), "inverted index");
  if (cancelled) return inverted_work_is_cancelled();
  if (mode == SweepMode::kDryRun) return report;
  for (const std::uint64_t number : numbers.dropped) {
    DAGFS_TRY_CONTEXT(writer.remove(place_row(number)), "inverted index");
  }
  DAGFS_TRY_CONTEXT(writer.flush(), "inverted index");
  return report;
}

}  // namespace dagfs::dagstore
