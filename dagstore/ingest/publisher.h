// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "dagstore/dagstore.h"
#include "dagstore/ingest/piece_writer.h"

namespace dagfs::dagstore {

// Makes shards of complete pieces: files in the repo's pieces/ whose key is
// their piece CID. Safe for use from many threads.
class Publisher {
 public:
  // `store` outlives it. Makes pieces/ if it is not there.
  static Result<std::unique_ptr<Publisher>> create(Dagstore* store);

  // Moves the durable file at `path`, which lies on the repo's file system, to
  // where it stays, registers and indexes it. If there is a shard of this key
  // that can be read, that one is it, and the file is removed. May be done
  // again after a crash at any point of it, when the file may have moved
  // already.
  //
  // kUnavailable: there is a shard of this key that cannot be read; else as
  // Dagstore::register_shards and acquire. The file is then at `path` again and
  // there is no shard, as far as the disk allows.
  Status publish(const std::string& path, const ShardKey& key);

 private:
  explicit Publisher(Dagstore* store) : store_(store) {}

  Status place(const std::string& path, const ShardKey& key);
  Status register_new(const ShardKey& key, const std::string& url);

  Dagstore* const store_;
  Mutex mutex_;  // Held while one is published: two may be the same.
};

// The key of a shard born here: its piece CID, version 1.
Result<ShardKey> key_of_piece(const WrittenPiece& piece);

}  // namespace dagfs::dagstore
