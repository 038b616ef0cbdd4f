// SPDX-License-Identifier: Apache-2.0 OR MIT

// The only header that knows the store is LevelDB.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "car/base/result.h"

namespace leveldb {
class Cache;
class DB;
class FilterPolicy;
class WriteBatch;
}  // namespace leveldb

namespace dagfs::dagstore {

// Changes that are made all or none.
class LevelDbBatch {
 public:
  LevelDbBatch();
  LevelDbBatch(LevelDbBatch&&) noexcept;
  LevelDbBatch& operator=(LevelDbBatch&&) noexcept;
  ~LevelDbBatch();

  void put(std::string_view key, std::string_view value);
  void remove(std::string_view key);

 private:
  friend class LevelDb;

  std::unique_ptr<leveldb::WriteBatch> batch_;
};

// Whether a write waits for the disk. Both survive the death of the process;
// only kYes survives that of the machine.
enum class Sync { kNo, kYes };

// How a database is laid out for what is kept in it.
struct LevelDbTuning {
  // Ten bits a key, which save get() from reading blocks for absent keys.
  bool has_filters = true;
  // Bytes that are sorted in memory before they become a table.
  std::size_t write_buffer_size = std::size_t{4} << 20;
  std::size_t table_size = std::size_t{2} << 20;
  // Blocks that get() and find() read are kept. Records are looked up once and
  // then live in memory; what repeats is the index blocks, which tables keep by
  // themselves.
  std::size_t cache_size = std::size_t{2} << 20;
};

// An open LevelDB database. Safe for use from many threads at once. Every block
// read is checked against its checksum.
class LevelDb {
 public:
  // Makes the database if `directory` holds none. kCorrupt, kIo (among others
  // when another process has it open).
  static Result<LevelDb> open(const std::string& directory,
                              const LevelDbTuning& tuning = {});

  LevelDb(LevelDb&&) noexcept;
  LevelDb& operator=(LevelDb&&) = delete;
  LevelDb(const LevelDb&) = delete;
  LevelDb& operator=(const LevelDb&) = delete;
  ~LevelDb();

  // The value under `key`, or nullopt where there is none. A missing key is an
  // answer, not a failure; every other trouble is an Error.
  Result<std::optional<std::string>> get(std::string_view key) const;

  // kNoSpace: less is free on the disk than kDatabaseSpaceMin; nothing was
  // tried then. kIo.
  Status write(const LevelDbBatch& batch, Sync sync);

  // Visits the entries whose key starts with `prefix`, in order of their bytes,
  // from the first key not less than `from`, until `visit` answers false. It
  // sees the database as it was when it started. Blocks that cannot be read
  // are stepped over: kCorrupt at the end says that there were some.
  using Visitor =
      std::function<bool(std::string_view key, std::string_view value)>;
  Status for_each(std::string_view prefix, std::string_view from,
                  const Visitor& visit) const;

  // for_each() over all entries with `prefix`, for a few that are looked up and
  // not scanned: the blocks that hold them stay in the cache.
  Status find(std::string_view prefix, const Visitor& visit) const;

 private:
  enum class Keep { kNo, kYes };

  LevelDb();
  Status walk(std::string_view prefix, std::string_view from, Keep keep,
              const Visitor& visit) const;

  std::string directory_;
  // Declared in the reverse of the order in which they must die: the database
  // uses the filter and the cache until its destructor returns.
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace dagfs::dagstore
