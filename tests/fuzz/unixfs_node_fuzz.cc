// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whatever is read comes back the same after writing it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/unixfs/unixfs_node.h"

namespace {

bool are_same(const dagfs::car::UnixfsNode& a,
              const dagfs::car::UnixfsNode& b) {
  return a.type == b.type && std::ranges::equal(a.data, b.data) &&
         a.file_size == b.file_size && a.block_sizes == b.block_sizes &&
         a.hash_type == b.hash_type && a.fanout == b.fanout &&
         a.mode == b.mode && a.mtime == b.mtime;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using dagfs::car::parse_unixfs_node;
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto node = parse_unixfs_node(input);
  if (!node.ok()) return 0;
  const dagfs::Bytes written = dagfs::car::encode(*node);
  const auto again = parse_unixfs_node(written);
  if (!again.ok() || !are_same(*node, *again)) std::abort();
  return 0;
}
