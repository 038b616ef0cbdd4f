// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_reader.h"

#include <utility>

#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

Result<std::optional<Cid>> cid_of(const DirectoryNode& node,
                                  std::size_t entry) {
  std::optional<Cid> cid = DAGFS_TRY(Cid::from_bytes(node.cid(entry).bytes));
  return cid;
}

}  // namespace

Result<std::unique_ptr<DirectoryReader>> DirectoryReader::open(
    const BlockSource& blocks, const Cid& directory) {
  DirectoryNodePtr root = DAGFS_TRY(DirectoryNode::load(blocks, directory));
  if (root == nullptr) {
    return Error(ErrorCode::kInvalidArgument,
                 directory.to_string() + " is no UnixFS directory");
  }
  return std::unique_ptr<DirectoryReader>(
      new DirectoryReader(blocks, std::move(root)));
}

DirectoryReader::DirectoryReader(const BlockSource& blocks,
                                 DirectoryNodePtr root)
    : blocks_(blocks), root_(std::move(root)), shards_(kHamtShardsCostMax) {}

Result<std::optional<Cid>> DirectoryReader::lookup(
    std::string_view name) const {
  const std::uint64_t hash = root_->is_shard() ? hamt_hash(name) : 0;
  unsigned bits_used = 0;
  for (DirectoryNodePtr node = root_; node != nullptr;) {
    if (const auto entry = node->find(name)) return cid_of(*node, *entry);
    if (!node->is_shard()) break;
    const auto slot = node->fanout().slot(hash, bits_used);
    if (!slot || !node->has_slots()) return search(name);
    const auto below = node->find_sub_shard(*slot);
    if (!below) break;
    bits_used += *node->fanout().bits();
    const auto cid = DAGFS_TRY(Cid::from_bytes(node->cid(*below).bytes));
    node = DAGFS_TRY(shard(cid));
  }
  return std::optional<Cid>();
}

Result<DirectoryNodePtr> DirectoryReader::shard(const Cid& cid) const {
  if (auto known = shards_.find(cid)) return known;
  DirectoryNodePtr node = DAGFS_TRY(DirectoryNode::load(blocks_, cid));
  if (node == nullptr || !node->is_shard()) return DirectoryNodePtr();
  const std::size_t cost = node->cost();
  return shards_.insert(cid, std::move(node), cost);
}

// A name that hashes say nothing about.
Result<std::optional<Cid>> DirectoryReader::search(
    std::string_view name) const {
  HamtWalk walk(
      root_, [this](const Cid& cid) { return shard(cid); },
      HamtWalk::Budget::kWholeWalk);
  while (true) {
    const bool is_found = DAGFS_TRY(walk.settle());
    if (!is_found) break;
    const DirectoryEntry entry = walk.entry();
    if (entry.name == name) {
      std::optional<Cid> cid = DAGFS_TRY(Cid::from_bytes(entry.cid.bytes));
      return cid;
    }
    walk.advance();
  }
  if (walk.fault()) return *walk.fault();
  return std::optional<Cid>();
}

Status DirectoryReader::list(std::uint64_t cookie, const Visitor& visit) const {
  return root_->is_shard() ? list_shards(cookie, visit)
                           : list_plain(cookie, visit);
}

Status DirectoryReader::list_plain(std::uint64_t cookie,
                                   const Visitor& visit) const {
  for (std::uint64_t i = cookie; i < root_->entry_count(); ++i) {
    const DirectoryEntry entry{
        .name = root_->name(i), .cid = root_->cid(i), .next_cookie = i + 1};
    if (!visit(entry)) break;
  }
  return ok_status();
}

Status DirectoryReader::list_shards(std::uint64_t cookie,
                                    const Visitor& visit) const {
  HamtWalk walk(
      root_, [this](const Cid& cid) { return shard(cid); },
      HamtWalk::Budget::kPerEntry, cookie);
  bool is_full = false;
  while (!is_full) {
    const bool is_found = DAGFS_TRY(walk.settle());
    if (!is_found) break;
    is_full = !visit(walk.entry());
    if (!is_full) walk.advance();
  }
  if (walk.fault()) {
    const MutexLock lock(mutex_);
    if (!fault_) fault_ = *walk.fault();
  }
  if (is_full || !walk.has_fault()) return ok_status();
  return known_fault();
}

// The Error of a shard that this listing, or an earlier one with another
// reader, passed over. That reader took what it knew along, so here it has to
// be found again; in the meantime the shard may have turned up.
Status DirectoryReader::known_fault() const {
  {
    const MutexLock lock(mutex_);
    if (fault_) return *fault_;
  }
  HamtWalk walk(
      root_, [this](const Cid& cid) { return shard(cid); },
      HamtWalk::Budget::kWholeWalk);
  while (!walk.fault()) {
    const bool is_found = DAGFS_TRY(walk.settle());
    if (!is_found) break;
    walk.advance();
  }
  if (walk.fault()) return *walk.fault();
  return ok_status();
}

}  // namespace dagfs::car
