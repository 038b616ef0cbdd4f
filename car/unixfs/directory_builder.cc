// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/directory_builder.h"

#include <fmt/core.h>

#include <cassert>
#include <vector>

#include "car/ipld/varint.h"
#include "car/limits.h"
#include "car/unixfs/hamt_builder.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

// A field of bytes, or what holds it: tag, length, content.
std::uint64_t field_size(std::uint64_t content) {
  return 1 + encode_varint(content).size + content;
}

// What encode_dag_pb takes for such a link.
std::uint64_t encoded_link_size(std::size_t name, std::size_t cid,
                                std::uint64_t total_size) {
  return field_size(field_size(cid) + field_size(name) + 1 +
                    encode_varint(total_size).size);
}

Status check_name(std::string_view name) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("no name for a file, {}: \"{}\"", why, name));
  };
  if (name.empty()) return refuse("empty");
  if (name.size() > kNameSizeMax) return refuse("too long");
  if (name == "." || name == "..") return refuse("reserved");
  if (name.find('/') != std::string_view::npos) return refuse("a slash in it");
  if (name.find('\0') != std::string_view::npos) return refuse("a NUL in it");
  return ok_status();
}

}  // namespace

DirectoryBuilder::DirectoryBuilder(const ImportProfile& profile,
                                   BlockSink& sink)
    : profile_(profile), sink_(sink) {
  assert(check_import_profile(profile).ok());
}

Status DirectoryBuilder::add(std::string_view name, const Cid& cid,
                             std::uint64_t total_size) {
  DAGFS_TRY(check_name(name));
  const std::size_t cid_size = cid.bytes().size();
  if (cid_size == 0 || cid_size > kCidSizeMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" links to a CID of {} bytes, at most {}",
                             name, cid_size, kCidSizeMax));
  }
  entries_.add(name, cid, total_size);
  links_size_ += profile_.shard_estimate == DirectoryEstimate::kLinksBytes
                     ? name.size() + cid_size
                     : encoded_link_size(name.size(), cid_size, total_size);
  return ok_status();
}

Result<BuiltDag> DirectoryBuilder::finish(const NodeAttributes& attributes) {
  UnixfsNode node{.type = UnixfsType::kDirectory};
  keep_attributes(profile_, attributes, &node);
  if (estimate(node) > profile_.shard_threshold && entries_.size() > 0) {
    entries_.sort_by_hash();
    DAGFS_TRY(check_repeated());
    return put_hamt(profile_, sink_, entries_, attributes);
  }
  entries_.sort_by_name();
  DAGFS_TRY(check_repeated());
  std::vector<DagPbLinkToWrite> links;
  links.reserve(entries_.size());
  for (const DirectoryEntries::Key& key : entries_.keys()) {
    const DirectoryEntries::Entry entry = entries_.entry(key);
    links.push_back({.cid = DAGFS_TRY(Cid::from_bytes(entry.cid)),
                     .name = std::string(entry.name),
                     .tsize = entry.total_size});
  }
  return put_node(profile_, sink_, links, node);
}

// Either order makes equal names neighbors.
Status DirectoryBuilder::check_repeated() const {
  const auto& keys = entries_.keys();
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1].hash != keys[i].hash) continue;
    const std::string_view name = entries_.entry(keys[i]).name;
    if (entries_.entry(keys[i - 1]).name != name) continue;
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("the name \"{}\" is there twice", name));
  }
  return ok_status();
}

std::uint64_t DirectoryBuilder::estimate(const UnixfsNode& node) const {
  if (profile_.shard_estimate == DirectoryEstimate::kLinksBytes) {
    return links_size_;
  }
  return links_size_ + field_size(encode(node).size());
}

}  // namespace dagfs::car
