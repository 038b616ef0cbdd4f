// SPDX-License-Identifier: Apache-2.0 OR MIT

// The numbers under which the kernel knows nodes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "car/base/mutex.h"
#include "fs/node.h"

namespace dagfs::fs {

// A node's number in one mount: counted up, never used again. Not st_ino, which
// is Attributes::inode.
enum class NodeId : std::uint64_t { kRoot = 1 };

// Maps numbers to nodes for as long as the kernel remembers them, and a name in
// a directory to the same number for as long. About 170 bytes an entry beside
// the node itself. Thread-safe.
class InodeTable {
 public:
  // What the table knows of one number.
  struct Entry {
    NodePtr node;  // Null: no such number.
    // Attributes::inode of the node, and of the directory it was found in
    // (its own for the root; 0 where that one is forgotten).
    std::uint64_t inode = 0;
    std::uint64_t parent_inode = 0;
  };

  struct Place {
    NodeId parent;
    std::string_view name;  // At most 65535 bytes.
  };

  // A node as a look-up of `name` in `parent` found it.
  struct Found {
    NodeId parent;
    std::string_view name;  // At most 65535 bytes.
    NodePtr node;
    NodeType type;
    std::uint64_t inode;
    std::uint64_t generation = 0;
  };

  // The root is never forgotten.
  InodeTable(NodePtr root, std::uint64_t root_inode);
  InodeTable(const InodeTable&) = delete;
  InodeTable& operator=(const InodeTable&) = delete;
  ~InodeTable();

  NodePtr find(NodeId id) const DAGFS_EXCLUDES(mutex_);
  Entry find_entry(NodeId id) const DAGFS_EXCLUDES(mutex_);

  // The number for what was found, with one look-up more counted. A name that
  // is known keeps its number and from now on stands for `found.node`. Where
  // type, inode or generation differ, it is another thing: it gets a new
  // number, so that the kernel shows nothing it cached of the former, and opens
  // are not mixed.
  NodeId remember(Found found) DAGFS_EXCLUDES(mutex_);

  // What became of names: numbers stay with what they stand for. What has lost
  // its name is still known by its number.
  void drop_name(Place place) DAGFS_EXCLUDES(mutex_);
  void rename(Place from, Place to) DAGFS_EXCLUDES(mutex_);
  void exchange(Place a, Place b) DAGFS_EXCLUDES(mutex_);

  // Takes `count` look-ups back; at zero the number is gone.
  void forget(NodeId id, std::uint64_t count) DAGFS_EXCLUDES(mutex_);

  // Numbers known, the root included.
  std::size_t size() const DAGFS_EXCLUDES(mutex_);

 private:
  struct Record;

  Record* find_locked(NodeId id) const DAGFS_REQUIRES(mutex_);
  Record* find_name_locked(NodeId parent, std::string_view name,
                           std::uint32_t hash) const DAGFS_REQUIRES(mutex_);
  Record* insert_locked(Found* found, std::uint32_t hash)
      DAGFS_REQUIRES(mutex_);
  void link_locked(Record* record) DAGFS_REQUIRES(mutex_);
  Record* find_place_locked(Place place) const DAGFS_REQUIRES(mutex_);
  // Null is let pass.
  void move_locked(Record* record, Place to) DAGFS_REQUIRES(mutex_);
  void unlink_name_locked(Record* record) DAGFS_REQUIRES(mutex_);
  void unlink_id_locked(Record* record) DAGFS_REQUIRES(mutex_);
  void grow_locked() DAGFS_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint64_t next_id_ DAGFS_GUARDED_BY(mutex_);
  std::size_t size_ DAGFS_GUARDED_BY(mutex_) = 0;
  // Heads of chains, as many as a power of two. Chains run through the records
  // themselves: a million entries are worth the pointers saved.
  std::vector<Record*> by_id_ DAGFS_GUARDED_BY(mutex_);
  std::vector<Record*> by_name_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::fs
