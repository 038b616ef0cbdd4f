// SPDX-License-Identifier: Apache-2.0 OR MIT

// The only header that knows the store is LevelDB.

#pragma once

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

// An open LevelDB database. Safe for use from many threads at once. Every block
// read is checked against its checksum.
class LevelDb {
 public:
  // Makes the database if `directory` holds none. kCorrupt, kIo (among others
  // when another process has it open).
  static Result<LevelDb> open(const std::string& directory);

  LevelDb(LevelDb&&) noexcept;
  LevelDb& operator=(LevelDb&&) = delete;
  LevelDb(const LevelDb&) = delete;
  LevelDb& operator=(const LevelDb&) = delete;
  ~LevelDb();

  // The value under `key`, or nullopt where there is none. A missing key is an
  // answer, not a failure; every other trouble is an Error.
  Result<std::optional<std::string>> get(std::string_view key) const;

  Status write(const LevelDbBatch& batch, Sync sync);

  // Visits the entries whose key starts with `prefix`, in order of their bytes,
  // from the first key not less than `from`, until `visit` answers false. It
  // sees the database as it was when it started. Blocks that cannot be read
  // are stepped over: kCorrupt at the end says that there were some.
  using Visitor =
      std::function<bool(std::string_view key, std::string_view value)>;
  Status for_each(std::string_view prefix, std::string_view from,
                  const Visitor& visit) const;

 private:
  LevelDb();

  // Declared in the reverse of the order in which they must die: the database
  // uses the filter and the cache until its destructor returns.
  std::unique_ptr<const leveldb::FilterPolicy> filter_;
  std::unique_ptr<leveldb::Cache> cache_;
  std::unique_ptr<leveldb::DB> db_;
};

}  // namespace dagfs::dagstore
