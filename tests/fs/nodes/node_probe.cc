// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/fs/nodes/node_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/support/fixtures.h"

namespace dagfs::tests {
namespace {

// Takes so many entries and refuses the next.
class CountingSink final : public fs::DirectorySink {
 public:
  CountingSink(std::size_t room, std::vector<ListedName>* entries)
      : room_(room), entries_(entries) {}

  bool add(std::string_view name, std::uint64_t inode, fs::NodeType type,
           std::uint64_t next_cookie) override {
    if (entries_->size() == room_) return false;
    entries_->push_back({std::string(name), inode, type, next_cookie});
    return true;
  }

 private:
  std::size_t room_;
  std::vector<ListedName>* entries_;
};

}  // namespace

Result<fs::NodePtr> walk(const fs::NodePtr& node, std::string_view path) {
  return walk(node, split(path, '/'));
}

Result<fs::NodePtr> walk(const fs::NodePtr& node,
                         const std::vector<std::string>& names) {
  fs::NodePtr at = node;
  for (const std::string& name : names) {
    at = DAGFS_TRY_CONTEXT(at->lookup(name), name);
    if (!at) {
      return Error(ErrorCode::kNotFound, fmt::format("no '{}' there", name));
    }
  }
  return at;
}

std::vector<std::string> Listing::names() const {
  std::vector<std::string> names;
  for (const ListedName& entry : entries) names.push_back(entry.name);
  return names;
}

Listing list(const fs::Node& node, std::size_t room, std::uint64_t cookie) {
  auto handle = node.open_directory();
  if (!handle.ok()) return {.error = handle.error()};
  return list(**handle, room, cookie);
}

Listing list(fs::DirectoryHandle& handle, std::size_t room,
             std::uint64_t cookie) {
  Listing listing;
  while (true) {
    Listing some = list_some(handle, room, cookie);
    const bool is_end = some.error || some.entries.empty();
    std::ranges::move(some.entries, std::back_inserter(listing.entries));
    listing.error = std::move(some.error);
    if (is_end) return listing;
    cookie = listing.entries.back().next_cookie;
  }
}

Listing list_some(fs::DirectoryHandle& handle, std::size_t room,
                  std::uint64_t cookie) {
  Listing listing;
  CountingSink sink(room, &listing.entries);
  Status read = handle.read(cookie, &sink);
  if (!read.ok()) listing.error = std::move(read).error();
  return listing;
}

Result<Bytes> read_all(const fs::Node& node, std::uint64_t step) {
  const auto handle = DAGFS_TRY(node.open_file());
  Bytes all;
  while (true) {
    const Bytes part =
        DAGFS_TRY(read_range(*handle, {.offset = all.size(), .size = step}));
    all.insert(all.end(), part.begin(), part.end());
    if (part.size() < step) return all;
  }
}

Result<Bytes> read_range(fs::FileHandle& handle, ByteRange range) {
  fs::ReadBuffers buffers;
  DAGFS_TRY(handle.read(range, &buffers));
  Bytes bytes;
  for (const iovec& piece : buffers.pieces) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  DAGFS_TRY(handle.confirm());
  return bytes;
}

Result<std::string> read_text(const fs::Node& node) {
  const Bytes bytes = DAGFS_TRY(read_all(node));
  return std::string(as_text(bytes));
}

std::string attribute_of(const fs::Node& node, std::string_view name) {
  const auto value = node.attribute(name);
  if (!value.ok()) return "failed: " + value.error().message();
  return value->value_or("");
}

}  // namespace dagfs::tests
