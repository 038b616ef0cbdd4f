// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/blocks_node.h"

#include <cstddef>
#include <optional>
#include <unordered_set>
#include <utility>

#include "car/base/mutex.h"
#include "car/car_reader.h"
#include "fs/nodes/content_fault.h"
#include "fs/nodes/content_file_node.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/name_escape.h"

namespace dagfs::fs {
namespace {

// CIDs known to stand more than once, of which a listing remembers so many: in
// a CAR where one CID fills a million sections each look-up would find a
// million places.
constexpr std::size_t kRepeatedMax = 1024;

// Walks the sections of a shard, telling those that repeat an earlier one's CID
// from the others. One thread at a time.
class SectionWalk {
 public:
  SectionWalk(const dagstore::OpenShard& shard, std::uint64_t position)
      : shard_(shard),
        file_(shard.piece_file()),
        reader_(*file_, shard.header(), car::ZeroSection::kEndsData, position) {
  }

  struct Entry {
    car::Cid cid;
    std::string name;
    std::uint64_t position = 0;       // Of its section.
    std::uint64_t next_position = 0;  // Of the one behind.
  };

  // The next section whose CID did not come before, or nullopt at the end. It
  // stays the next one until skip().
  Result<const Entry*> peek() {
    while (!entry_ && !at_end_) DAGFS_TRY(advance());
    return entry_ ? &*entry_ : nullptr;
  }

  void skip() { entry_.reset(); }

  // Where peek() goes on.
  std::uint64_t position() const {
    return entry_ ? entry_->position : reader_.position();
  }

 private:
  Status advance() {
    const auto section = DAGFS_TRY(reader_.next());
    if (!section) {
      at_end_ = true;
      return ok_status();
    }
    car::Cid cid = DAGFS_TRY(car::Cid::from_bytes(section->cid.bytes));
    if (shard_.piece().has_duplicates &&
        DAGFS_TRY(is_repetition(cid, section->block.offset))) {
      return ok_status();
    }
    std::string name = show_name(cid.to_string());
    entry_ = Entry{.cid = std::move(cid),
                   .name = std::move(name),
                   .position = section->position,
                   .next_position = section->position + section->size};
    return ok_status();
  }

  Result<bool> is_repetition(const car::Cid& cid, std::uint64_t offset) {
    if (repeated_.contains(cid)) return true;
    const auto stored = DAGFS_TRY(shard_.blocks().find(cid));
    bool repeats = false;
    for (const car::StoredBlock& block : stored) {
      if (block.cid == cid && block.location.offset < offset) repeats = true;
    }
    if (repeats) {
      if (repeated_.size() >= kRepeatedMax) repeated_.clear();
      repeated_.insert(cid);
    }
    return repeats;
  }

  const dagstore::OpenShard& shard_;
  const std::shared_ptr<const RandomAccessFile> file_;
  car::SectionReader reader_;
  bool at_end_ = false;
  std::optional<Entry> entry_;
  std::unordered_set<car::Cid, car::CidHash> repeated_;
};

// An open blocks/. A cookie is the position of the next section, plus one.
class BlocksHandle final : public DirectoryHandle {
 public:
  BlocksHandle(dagstore::ShardLease lease, std::uint64_t inode)
      : lease_(std::move(lease)), inode_(inode) {}

  Status read(std::uint64_t cookie, DirectorySink* sink) override {
    const std::uint64_t position =
        cookie == 0 ? lease_->header().first_section : cookie - 1;
    std::unique_ptr<SectionWalk> walk = take_walk(position);
    DAGFS_TRY(lease_->check_unchanged());
    while (true) {
      const SectionWalk::Entry* entry = DAGFS_TRY(walk->peek());
      if (!entry) break;
      if (!sink->add(entry->name, inode_of(inode_, entry->name),
                     NodeType::kFile, entry->next_position + 1)) {
        break;
      }
      walk->skip();
    }
    keep_walk(std::move(walk));
    return ok_status();
  }

 private:
  // The walk of the last reader where this one goes on from there.
  std::unique_ptr<SectionWalk> take_walk(std::uint64_t position) {
    {
      const MutexLock lock(mutex_);
      if (walk_ && walk_->position() == position) return std::move(walk_);
    }
    return std::make_unique<SectionWalk>(*lease_, position);
  }

  void keep_walk(std::unique_ptr<SectionWalk> walk) {
    const MutexLock lock(mutex_);
    walk_ = std::move(walk);
  }

  const dagstore::ShardLease lease_;
  const std::uint64_t inode_;
  Mutex mutex_;
  std::unique_ptr<SectionWalk> walk_ DAGFS_GUARDED_BY(mutex_);
};

// The CID whose text is too long for a name and shortens to `name`.
Result<std::optional<car::Cid>> find_shortened(const dagstore::OpenShard& shard,
                                               std::string_view name) {
  SectionWalk walk(shard, shard.header().first_section);
  while (true) {
    const SectionWalk::Entry* entry = DAGFS_TRY(walk.peek());
    if (!entry) return std::optional<car::Cid>();
    if (entry->name == name) return std::optional<car::Cid>(entry->cid);
    walk.skip();
  }
}

Result<std::optional<car::Cid>> cid_of_name(const dagstore::OpenShard& shard,
                                            std::string_view name) {
  if (may_be_shortened(name)) return find_shortened(shard, name);
  auto cid = car::Cid::parse(name);
  if (!cid.ok()) return std::optional<car::Cid>();
  return std::optional<car::Cid>(std::move(cid).value());
}

// The size of the block under `cid`; nullopt: there is none.
Result<std::optional<std::uint64_t>> block_size(
    const dagstore::OpenShard& shard, const car::Cid& cid) {
  using Answer = std::optional<std::uint64_t>;
  if (cid.is_identity()) {
    // Any identity CID carries its block; only those in the CAR belong here.
    const auto entries =
        DAGFS_TRY(shard.blocks().index().find(cid.multihash()));
    return entries.empty() ? Answer() : Answer(cid.multihash().digest.size());
  }
  const auto location = shard.blocks().locate(cid);
  if (location.ok()) return Answer(location->size);
  if (location.error().code() == ErrorCode::kNotFound) return Answer();
  return location.error();
}

}  // namespace

Result<Attributes> BlocksNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  return Attributes{.type = NodeType::kDirectory,
                    .permissions = 0555,
                    .links = 2,
                    .mtime = to_timespec(known.registered_at),
                    .inode = inode()};
}

Result<NodePtr> BlocksNode::lookup(std::string_view name) const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const auto cid = DAGFS_TRY(cid_of_name(*lease, name));
  if (!cid) return NodePtr();
  const auto size = block_size(*lease, *cid);
  if (!size.ok()) return content_fault(*lease, size.error());
  if (!*size) {
    DAGFS_TRY(confirm_fault(*lease));
    return NodePtr();
  }
  const std::string text = cid->to_string();
  const std::string canonical = show_name(text);
  DagPlace place{.shard = shard(), .inode = inode_of(inode(), canonical)};
  if (canonical != text) place.raw_name = text;
  return make_block_file(std::move(place), *cid, **size);
}

Result<std::unique_ptr<DirectoryHandle>> BlocksNode::open_directory() const {
  auto lease = DAGFS_TRY(shard()->acquire());
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<BlocksHandle>(std::move(lease), inode()));
}

}  // namespace dagfs::fs
