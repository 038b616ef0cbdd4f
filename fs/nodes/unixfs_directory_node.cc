// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/unixfs_directory_node.h"

#include "fs/nodes/content_fault.h"
#include "fs/nodes/inode_number.h"
#include "fs/nodes/name_escape.h"

namespace dagfs::fs {
namespace {

// How far a sharded directory is listed for what is missing when somebody asks.
constexpr std::size_t kErrorWalkEntriesMax = 100'000;

using ReaderPtr = std::shared_ptr<const car::DirectoryReader>;

// An open directory. Cookies are the reader's.
class UnixfsDirectoryHandle final : public DirectoryHandle {
 public:
  UnixfsDirectoryHandle(ReaderPtr reader, ShardPtr shard, std::uint64_t inode)
      : reader_(std::move(reader)), shard_(std::move(shard)), inode_(inode) {}

  Status read(std::uint64_t cookie, DirectorySink* sink) override {
    Status shown = ok_status();
    const Status listed =
        reader_->list(cookie, [&](const car::DirectoryEntry& entry) {
          const Result<bool> wants_more = show(entry, sink);
          if (!wants_more.ok()) shown = wants_more.error();
          return wants_more.ok() && *wants_more;
        });
    if (shown.ok() && listed.ok()) return ok_status();
    const auto lease = DAGFS_TRY(shard_->acquire());
    return content_fault(*lease, shown.ok() ? listed.error() : shown.error());
  }

 private:
  Result<bool> show(const car::DirectoryEntry& entry,
                    DirectorySink* sink) const {
    const NodeType type = type_hint(entry.cid.codec);
    if (!needs_escape(entry.name)) {
      return sink->add(entry.name, inode_of(inode_, entry.name), type,
                       entry.next_cookie);
    }
    const std::string shown = show_name(entry.name);
    // An entry that is really called so has the name.
    if (DAGFS_TRY(reader_->lookup(shown))) return true;
    return sink->add(shown, inode_of(inode_, shown), type, entry.next_cookie);
  }

  const ReaderPtr reader_;
  const ShardPtr shard_;
  const std::uint64_t inode_;
};

struct Found {
  car::Cid cid;
  std::string raw_name;
};

Result<std::optional<Found>> find_shortened(const car::DirectoryReader& reader,
                                            std::string_view shown) {
  std::optional<Found> found;
  Status decoded = ok_status();
  const auto visit = [&](const car::DirectoryEntry& entry) {
    if (!needs_escape(entry.name) || show_name(entry.name) != shown) {
      return true;
    }
    auto cid = car::Cid::from_bytes(entry.cid.bytes);
    if (cid.ok()) {
      found = Found{std::move(cid).value(), std::string(entry.name)};
    } else {
      decoded = cid.error();
    }
    return false;
  };
  const Status listed = reader.list(0, visit);
  if (found) return found;
  DAGFS_TRY(std::move(decoded));
  // It may be what could not be listed.
  if (!listed.ok()) return listed.error();
  return found;
}

// The entry that is shown as `shown`.
Result<std::optional<Found>> find_entry(const car::DirectoryReader& reader,
                                        std::string_view shown) {
  const auto find_raw =
      [&](std::string_view raw) -> Result<std::optional<Found>> {
    auto cid = DAGFS_TRY(reader.lookup(raw));
    if (!cid) return std::optional<Found>();
    return std::optional<Found>(Found{std::move(*cid), std::string(raw)});
  };
  if (!needs_escape(shown)) {
    auto found = DAGFS_TRY(find_raw(shown));
    if (found) return found;
  }
  if (const auto raw = raw_name_of(shown)) return find_raw(*raw);
  if (may_be_shortened(shown)) return find_shortened(reader, shown);
  return std::optional<Found>();
}

}  // namespace

Result<NodePtr> UnixfsDirectoryNode::lookup(std::string_view name) const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const ReaderPtr entries = DAGFS_TRY(reader(*lease));
  const auto found = find_entry(*entries, name);
  if (!found.ok()) return content_fault(*lease, found.error());
  if (!*found) return NodePtr();
  return make_dag_node(child_place(name, (*found)->raw_name), (*found)->cid,
                       *lease);
}

Result<std::unique_ptr<DirectoryHandle>> UnixfsDirectoryNode::open_directory()
    const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  ReaderPtr entries = DAGFS_TRY(reader(*lease));
  return std::unique_ptr<DirectoryHandle>(
      std::make_unique<UnixfsDirectoryHandle>(std::move(entries), shard(),
                                              inode()));
}

Result<std::string> UnixfsDirectoryNode::find_error() const {
  const auto lease = DAGFS_TRY(shard()->acquire());
  const auto entries = reader(*lease);
  if (!entries.ok()) return entries.error().message();
  // What a plain directory holds is all in its block, which was read.
  if (kind_ == DirectoryKind::kPlain) return std::string();
  std::size_t left = kErrorWalkEntriesMax;
  const Status listed = (*entries)->list(
      0, [&](const car::DirectoryEntry&) { return --left > 0; });
  return listed.ok() ? std::string() : listed.error().message();
}

Result<UnixfsDirectoryNode::ReaderPtr> UnixfsDirectoryNode::reader(
    const dagstore::OpenShard& open) const {
  TreeContext& tree = *shard()->tree;
  auto found = tree.decoded().directory(tree.store(), open,
                                        {.cid = cid(), .kind = kind_});
  if (!found.ok()) return block_fault(open, cid(), std::move(found).error());
  return found;
}

}  // namespace dagfs::fs
