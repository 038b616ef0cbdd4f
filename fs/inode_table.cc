// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inode_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace dagfs::fs {
namespace {

constexpr std::size_t kBucketsAtFirst = 1024;

std::uint32_t hash_of(NodeId parent, std::string_view name) {
  const std::size_t hash =
      std::hash<std::string_view>()(name) ^
      (static_cast<std::uint64_t>(parent) * 0x9e37'79b9'7f4a'7c15U);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

// Lies in one allocation with the bytes of its name, which follow it.
struct InodeTable::Record {
  Record* next_by_id = nullptr;
  Record* next_by_name = nullptr;
  NodePtr node;
  NodeId id = NodeId::kRoot;
  NodeId parent = NodeId::kRoot;
  std::uint64_t lookups = 0;
  std::uint64_t inode = 0;
  std::uint64_t generation = 0;
  std::uint32_t name_hash = 0;
  std::uint16_t name_size = 0;
  NodeType type = NodeType::kUnknown;
  bool has_name = false;  // In by_name_.

  static Record* create(std::string_view name) {
    assert(name.size() <= std::numeric_limits<std::uint16_t>::max());
    auto* memory =
        static_cast<std::byte*>(::operator new(sizeof(Record) + name.size()));
    auto* record = new (memory) Record();
    record->name_size = static_cast<std::uint16_t>(name.size());
    if (!name.empty()) {
      std::memcpy(memory + sizeof(Record), name.data(), name.size());
    }
    return record;
  }

  static void destroy(Record* record) {
    record->~Record();
    ::operator delete(record);
  }

  std::string_view name() const {
    return {reinterpret_cast<const char*>(this + 1), name_size};
  }
};

InodeTable::InodeTable(NodePtr root, std::uint64_t root_inode)
    : next_id_(static_cast<std::uint64_t>(NodeId::kRoot)),
      by_id_(kBucketsAtFirst),
      by_name_(kBucketsAtFirst) {
  const MutexLock lock(mutex_);
  Found found{.parent = NodeId::kRoot,
              .name = "",
              .node = std::move(root),
              .type = NodeType::kDirectory,
              .inode = root_inode};
  insert_locked(&found, 0)->lookups = 1;
}

InodeTable::~InodeTable() {
  for (Record* record : by_id_) {
    while (record != nullptr) {
      Record::destroy(std::exchange(record, record->next_by_id));
    }
  }
}

InodeTable::Record* InodeTable::find_locked(NodeId id) const {
  // Numbers are given out in order, so that their low bits are as good as any
  // hash.
  Record* record = by_id_[static_cast<std::uint64_t>(id) & (by_id_.size() - 1)];
  while (record != nullptr && record->id != id) record = record->next_by_id;
  return record;
}

InodeTable::Record* InodeTable::find_name_locked(NodeId parent,
                                                 std::string_view name,
                                                 std::uint32_t hash) const {
  Record* record = by_name_[hash & (by_name_.size() - 1)];
  while (record != nullptr &&
         (record->name_hash != hash || record->parent != parent ||
          record->name() != name)) {
    record = record->next_by_name;
  }
  return record;
}

NodePtr InodeTable::find(NodeId id) const {
  const MutexLock lock(mutex_);
  const Record* record = find_locked(id);
  return record == nullptr ? nullptr : record->node;
}

InodeTable::Entry InodeTable::find_entry(NodeId id) const {
  const MutexLock lock(mutex_);
  const Record* record = find_locked(id);
  if (record == nullptr) return {};
  const Record* parent = find_locked(record->parent);
  return {.node = record->node,
          .inode = record->inode,
          .parent_inode = parent == nullptr ? 0 : parent->inode};
}

NodeId InodeTable::remember(Found found) {
  const std::uint32_t hash = hash_of(found.parent, found.name);
  // Outlives the lock: it may be the last one to hold the former node.
  NodePtr former;
  const MutexLock lock(mutex_);
  Record* record = find_name_locked(found.parent, found.name, hash);
  if (record != nullptr &&
      (record->type != found.type || record->inode != found.inode ||
       record->generation != found.generation)) {
    unlink_name_locked(record);
    record = nullptr;
  }
  if (record == nullptr) {
    record = insert_locked(&found, hash);
  } else {
    former = std::exchange(record->node, std::move(found.node));
  }
  ++record->lookups;
  return record->id;
}

InodeTable::Record* InodeTable::insert_locked(Found* found,
                                              std::uint32_t hash) {
  if (size_ == by_id_.size()) grow_locked();
  Record* record = Record::create(found->name);
  record->node = std::move(found->node);
  record->id = NodeId{next_id_++};
  record->parent = found->parent;
  record->inode = found->inode;
  record->generation = found->generation;
  record->type = found->type;
  record->name_hash = hash;
  link_locked(record);
  return record;
}

void InodeTable::link_locked(Record* record) {
  record->has_name = true;
  Record*& id_head =
      by_id_[static_cast<std::uint64_t>(record->id) & (by_id_.size() - 1)];
  record->next_by_id = std::exchange(id_head, record);
  Record*& name_head = by_name_[record->name_hash & (by_name_.size() - 1)];
  record->next_by_name = std::exchange(name_head, record);
  ++size_;
}

InodeTable::Record* InodeTable::find_place_locked(Place place) const {
  return find_name_locked(place.parent, place.name,
                          hash_of(place.parent, place.name));
}

void InodeTable::move_locked(Record* record, Place to) {
  if (record == nullptr) return;
  unlink_name_locked(record);
  unlink_id_locked(record);
  // Another one, as names lie behind their records.
  Record* moved = Record::create(to.name);
  moved->node = std::move(record->node);
  moved->id = record->id;
  moved->parent = to.parent;
  moved->lookups = record->lookups;
  moved->inode = record->inode;
  moved->generation = record->generation;
  moved->type = record->type;
  moved->name_hash = hash_of(to.parent, to.name);
  Record::destroy(record);
  link_locked(moved);
}

void InodeTable::drop_name(Place place) {
  const MutexLock lock(mutex_);
  Record* record = find_place_locked(place);
  if (record != nullptr) unlink_name_locked(record);
}

void InodeTable::rename(Place from, Place to) {
  const MutexLock lock(mutex_);
  Record* record = find_place_locked(from);
  Record* replaced = find_place_locked(to);
  // A name that stands for the same thing stays.
  if (record == replaced) return;
  if (replaced != nullptr) unlink_name_locked(replaced);
  move_locked(record, to);
}

void InodeTable::exchange(Place a, Place b) {
  const MutexLock lock(mutex_);
  Record* at_a = find_place_locked(a);
  Record* at_b = find_place_locked(b);
  if (at_a == at_b) return;
  move_locked(at_a, b);
  move_locked(at_b, a);
}

void InodeTable::unlink_name_locked(Record* record) {
  if (!std::exchange(record->has_name, false)) return;
  Record** link = &by_name_[record->name_hash & (by_name_.size() - 1)];
  while (*link != record) link = &(*link)->next_by_name;
  *link = record->next_by_name;
}

void InodeTable::unlink_id_locked(Record* record) {
  Record** link =
      &by_id_[static_cast<std::uint64_t>(record->id) & (by_id_.size() - 1)];
  while (*link != record) link = &(*link)->next_by_id;
  *link = record->next_by_id;
  --size_;
}

void InodeTable::grow_locked() {
  const std::size_t mask = by_id_.size() * 2 - 1;
  std::vector<Record*> by_id(mask + 1);
  std::vector<Record*> by_name(mask + 1);
  for (Record* record : by_id_) {
    while (record != nullptr) {
      Record* next = record->next_by_id;
      Record*& id_head = by_id[static_cast<std::uint64_t>(record->id) & mask];
      record->next_by_id = std::exchange(id_head, record);
      if (record->has_name) {
        Record*& name_head = by_name[record->name_hash & mask];
        record->next_by_name = std::exchange(name_head, record);
      }
      record = next;
    }
  }
  by_id_ = std::move(by_id);
  by_name_ = std::move(by_name);
}

void InodeTable::forget(NodeId id, std::uint64_t count) {
  if (id == NodeId::kRoot) return;

  Record* gone = nullptr;
  {
    const MutexLock lock(mutex_);
    Record* record = find_locked(id);
    if (record == nullptr) return;
    // More than was counted would be a bug of the kernel's; ours must not
    // follow from it.
    record->lookups -= std::min(count, record->lookups);
    if (record->lookups > 0) return;
    unlink_name_locked(record);
    unlink_id_locked(record);
    gone = record;
  }
  // Outside the lock: the node may be the last owner of anything.
  Record::destroy(gone);
}

std::size_t InodeTable::size() const {
  const MutexLock lock(mutex_);
  return size_;
}

}  // namespace dagfs::fs
