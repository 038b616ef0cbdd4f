// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/level_db.h"

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/write_batch.h>

#include <algorithm>

#include "dagstore/disk_reserve.h"

namespace dagfs::dagstore {
namespace {

// 1% of look-ups of absent keys read a block for nothing; LevelDB's own advice.
constexpr int kFilterBitsPerKey = 10;

leveldb::Slice as_slice(std::string_view text) {
  return {text.data(), text.size()};
}

std::string_view as_view(const leveldb::Slice& slice) {
  return {slice.data(), slice.size()};
}

Error as_error(const leveldb::Status& status) {
  const auto code =
      status.IsCorruption() ? ErrorCode::kCorrupt : ErrorCode::kIo;
  return Error(code, status.ToString());
}

}  // namespace

LevelDbBatch::LevelDbBatch()
    : batch_(std::make_unique<leveldb::WriteBatch>()) {}
LevelDbBatch::LevelDbBatch(LevelDbBatch&&) noexcept = default;
LevelDbBatch& LevelDbBatch::operator=(LevelDbBatch&&) noexcept = default;
LevelDbBatch::~LevelDbBatch() = default;

void LevelDbBatch::put(std::string_view key, std::string_view value) {
  batch_->Put(as_slice(key), as_slice(value));
}

void LevelDbBatch::remove(std::string_view key) {
  batch_->Delete(as_slice(key));
}

LevelDb::LevelDb() = default;
LevelDb::LevelDb(LevelDb&&) noexcept = default;
LevelDb::~LevelDb() = default;

Result<LevelDb> LevelDb::open(const std::string& directory,
                              const LevelDbTuning& tuning) {
  LevelDb self;
  self.directory_ = directory;
  if (tuning.has_filters) {
    self.filter_.reset(leveldb::NewBloomFilterPolicy(kFilterBitsPerKey));
  }
  self.cache_.reset(leveldb::NewLRUCache(tuning.cache_size));

  // Not paranoid_checks: a power cut leaves a torn record at the log's end, and
  // with them the database would refuse to open for ever. What had been synced
  // stands before it.
  leveldb::Options options;
  options.create_if_missing = true;
  options.filter_policy = self.filter_.get();
  options.block_cache = self.cache_.get();
  options.write_buffer_size = tuning.write_buffer_size;
  options.max_file_size = tuning.table_size;

  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(options, directory, &db);
  self.db_.reset(db);
  if (!status.ok()) return as_error(status).context("open " + directory);
  return self;
}

Result<std::optional<std::string>> LevelDb::get(std::string_view key) const {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  std::string value;
  const leveldb::Status status = db_->Get(options, as_slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return as_error(status);
  return std::optional<std::string>(std::move(value));
}

Status LevelDb::write(const LevelDbBatch& batch, Sync sync) {
  DAGFS_TRY_CONTEXT(check_free_space(directory_, kDatabaseSpaceMin),
                    "write to the database");
  leveldb::WriteOptions options;
  options.sync = sync == Sync::kYes;
  const leveldb::Status status = db_->Write(options, batch.batch_.get());
  if (!status.ok()) return as_error(status);
  return ok_status();
}

Status LevelDb::for_each(std::string_view prefix, std::string_view from,
                         const Visitor& visit) const {
  // A scan would push out what is looked up.
  return walk(prefix, from, Keep::kNo, visit);
}

Status LevelDb::find(std::string_view prefix, const Visitor& visit) const {
  return walk(prefix, prefix, Keep::kYes, visit);
}

Status LevelDb::walk(std::string_view prefix, std::string_view from, Keep keep,
                     const Visitor& visit) const {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = keep == Keep::kYes;
  const std::unique_ptr<leveldb::Iterator> iterator(db_->NewIterator(options));
  for (iterator->Seek(as_slice(std::max(prefix, from))); iterator->Valid();
       iterator->Next()) {
    const std::string_view key = as_view(iterator->key());
    if (!key.starts_with(prefix)) break;
    if (!visit(key, as_view(iterator->value()))) break;
  }
  if (!iterator->status().ok()) return as_error(iterator->status());
  return ok_status();
}

}  // namespace dagfs::dagstore
