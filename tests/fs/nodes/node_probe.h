// SPDX-License-Identifier: Apache-2.0 OR MIT

// Does to a tree of nodes what programs do to a mount, without a kernel
// between.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "fs/node.h"

namespace dagfs::tests {

// The node at `path` below `node`: names between slashes. kNotFound: one of
// them is not there.
Result<fs::NodePtr> walk(const fs::NodePtr& node, std::string_view path);
Result<fs::NodePtr> walk(const fs::NodePtr& node,
                         const std::vector<std::string>& names);

struct ListedName {
  std::string name;
  std::uint64_t inode = 0;
  fs::NodeType type = fs::NodeType::kUnknown;
  std::uint64_t next_cookie = 0;
};

// What a directory showed, and what it ended with.
struct Listing {
  std::vector<ListedName> entries;
  std::optional<Error> error;

  std::vector<std::string> names() const;
};

// Reads a directory from `cookie` on, `room` entries at a time.
Listing list(const fs::Node& node, std::size_t room = 7,
             std::uint64_t cookie = 0);
Listing list(fs::DirectoryHandle& handle, std::size_t room,
             std::uint64_t cookie = 0);

// What one call gives.
Listing list_some(fs::DirectoryHandle& handle, std::size_t room,
                  std::uint64_t cookie);

// All bytes of a file, `step` at a time; fails as the first read that does.
Result<Bytes> read_all(const fs::Node& node,
                       std::uint64_t step = std::uint64_t{128} << 10);
// The bytes of one read.
Result<Bytes> read_range(fs::FileHandle& handle, ByteRange range);
Result<std::string> read_text(const fs::Node& node);

// An extended attribute; "" where there is none.
std::string attribute_of(const fs::Node& node, std::string_view name);

}  // namespace dagfs::tests
