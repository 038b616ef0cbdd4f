// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "car/base/file.h"
#include "car/base/result.h"
#include "dagstore/durable_file.h"
#include "dagstore/shard_key.h"

namespace dagfs::dagstore {

// The index files of a repo, one a shard, each a CARv2 index (codec 0x0401):
// index/HH/HH/KEY.idx, where HHHH are the first digits of the key's sha256, so
// that no folder grows long with millions of shards. What a file is worth is in
// the shard's record (its size and checksum), not here: a file nobody's record
// speaks of is never read. Safe for use from many threads, one at a time for a
// key.
class IndexRepo {
 public:
  explicit IndexRepo(std::string folder) : folder_(std::move(folder)) {}

  std::string path_of(const ShardKey& key) const;

  // A new file for the index of `key`, which takes the place of the old one
  // when it is committed. What a crash left of an earlier attempt is
  // overwritten.
  Result<DurableFile> create(const ShardKey& key) const;

  // kNotFound: there is none. kCorrupt: it is not `size` bytes long. kIo.
  Result<std::shared_ptr<const RandomAccessFile>> open(
      const ShardKey& key, std::uint64_t size) const;

  // Removes the file and what a crash left of another, if there are any.
  Status remove(const ShardKey& key) const;

 private:
  std::string folder_of(const ShardKey& key) const;

  const std::string folder_;
};

// The sha256 of all of `file`, in hexadecimal. Reads it whole, at about the
// speed of the hash. kIo.
Result<std::string> sha256_of(const RandomAccessFile& file);

}  // namespace dagfs::dagstore
