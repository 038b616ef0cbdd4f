// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/inode_number.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace dagfs::fs {
namespace {

// The finalizer of SplitMix64: each bit of the input moves half of the output.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

std::uint64_t inode_of(std::uint64_t parent, std::string_view name) {
  // The length goes in first, so that padding with zeros below tells "a" from
  // "a\0".
  std::uint64_t hash = mix(parent ^ (name.size() * 0x9e3779b97f4a7c15));
  while (!name.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(name.size(), sizeof(word));
    std::memcpy(&word, name.data(), size);
    hash = mix(hash ^ word);
    name.remove_prefix(size);
  }
  return hash <= kRootInode ? hash + 2 : hash;
}

}  // namespace dagfs::fs
