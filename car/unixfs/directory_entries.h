// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

// The names of one directory that is written, with what they link to, held as
// densely as is of use for millions: a name costs its own bytes, those of its
// CID (36), and 28 more.
class DirectoryEntries {
 public:
  // An entry's place; orders as its name's hash, so that the names of one shard
  // of a HAMT are neighbors.
  struct Key {
    std::uint64_t hash = 0;
    std::uint32_t block = 0;
    std::uint32_t offset = 0;
  };

  struct Entry {
    std::string_view name;
    ByteView cid;
    std::uint64_t total_size = 0;
  };

  // `name` is at most kNameSizeMax and `cid` at most kCidSizeMax bytes.
  void add(std::string_view name, const Cid& cid, std::uint64_t total_size);

  std::size_t size() const { return keys_.size(); }
  const std::vector<Key>& keys() const { return keys_; }
  // Views that last until the next add().
  Entry entry(const Key& key) const;

  void sort_by_name();
  // By the hash of the name, and by the name among equal ones.
  void sort_by_hash();

 private:
  std::vector<Key> keys_;
  // Encoded entries, in blocks so that growing copies nothing.
  std::deque<Bytes> blocks_;
};

}  // namespace dagfs::car
