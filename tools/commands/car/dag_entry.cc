// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/dag_entry.h"

#include "car/ipld/dag_pb.h"
#include "car/unixfs/file_layout.h"
#include "car/unixfs/file_sizes.h"

namespace dagfs::tools {
namespace {

constexpr std::uint32_t kModeBits = 07777;

// Fills `entry` from the UnixFS message in `node`; false where it has none.
bool read_unixfs(const car::DagPbNode& node, DagEntry* entry) {
  if (!node.data()) return false;
  const Result<car::UnixfsNode> unixfs = car::parse_unixfs_node(*node.data());
  if (!unixfs.ok()) return false;

  if (unixfs->mode) entry->mode = *unixfs->mode & kModeBits;
  entry->mtime = unixfs->mtime;
  if (unixfs->is_directory()) {
    entry->type = EntryType::kDirectory;
  } else if (unixfs->is_file()) {
    entry->type = EntryType::kFile;
  } else if (unixfs->type == car::UnixfsType::kSymlink) {
    entry->type = EntryType::kSymlink;
    entry->target = as_text(unixfs->data);
    entry->size = entry->target.size();
  } else {
    return false;
  }
  return true;
}

void set_error(const Error& error, DagEntry* entry) {
  entry->type = error.code() == ErrorCode::kNotFound ? EntryType::kMissing
                                                     : EntryType::kBad;
  entry->error = error;
}

void describe_raw(const car::BlockSource& blocks, DagEntry* entry) {
  const Result<std::uint64_t> size = car::raw_block_size(blocks, entry->cid);
  if (!size.ok()) return set_error(size.error(), entry);
  entry->type = EntryType::kFile;
  entry->size = *size;
}

void describe_file(const car::BlockSource& blocks, DagEntry* entry) {
  const auto layout = car::FileLayout::open(blocks, entry->cid);
  // The node is there, so whatever is wrong lies below: the file itself lists.
  if (layout.ok()) {
    entry->size = (*layout)->size();
  } else {
    entry->error = layout.error();
  }
}

}  // namespace

std::string_view to_string(EntryType type) {
  switch (type) {
    case EntryType::kDirectory: return "directory";
    case EntryType::kFile: return "file";
    case EntryType::kSymlink: return "symlink";
    case EntryType::kNode: return "node";
    case EntryType::kMissing: return "missing";
    case EntryType::kBad: return "bad";
  }
  return "unknown";
}

DagEntry describe(const car::BlockSource& blocks, const car::Cid& cid) {
  DagEntry entry = {.cid = cid};
  if (cid.codec() == car::Codec::kRaw) {
    describe_raw(blocks, &entry);
    return entry;
  }
  const Result<car::Block> block = blocks.get(cid);
  if (!block.ok()) {
    set_error(block.error(), &entry);
    return entry;
  }
  entry.size = (*block)->size();
  if (cid.codec() != car::Codec::kDagPb) return entry;

  const Result<car::DagPbNode> node = car::DagPbNode::decode(*block);
  if (!node.ok()) {
    // Its bytes are intact and can be had; that they mean nothing is said.
    entry.error = node.error();
    return entry;
  }
  if (!read_unixfs(*node, &entry)) return entry;
  if (entry.type == EntryType::kDirectory) entry.size.reset();
  if (entry.type == EntryType::kFile) describe_file(blocks, &entry);
  return entry;
}

}  // namespace dagfs::tools
