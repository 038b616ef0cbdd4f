// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/file_mapping.h"

#include <sys/mman.h>

#include <cassert>
#include <utility>

namespace dagfs::fs {

std::shared_ptr<const FileMapping> FileMapping::map(
    const RandomAccessFile& file) {
  const std::uint64_t size = file.size();
  if (file.plain_fd() < 0 || size == 0) return nullptr;
  void* start =
      ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.plain_fd(), 0);
  if (start == MAP_FAILED) return nullptr;
  return std::shared_ptr<const FileMapping>(new FileMapping(start, size));
}

FileMapping::~FileMapping() { ::munmap(start_, size_); }

iovec FileMapping::at(ByteRange range) const {
  assert(range.offset <= size_ && range.size <= size_ - range.offset);
  return {.iov_base = static_cast<std::byte*>(start_) + range.offset,
          .iov_len = range.size};
}

std::shared_ptr<const FileMapping> ShardMappings::of(
    const dagstore::OpenShard& shard) {
  const std::uint64_t generation = shard.generation();
  {
    const MutexLock lock(mutex_);
    const auto found = mappings_.find(generation);
    if (found != mappings_.end()) {
      if (auto mapping = found->second.lock()) return mapping;
    }
  }
  // Mapping takes the process's memory lock, which a page fault elsewhere may
  // hold: not under ours. Two threads may map the same piece; one copy goes.
  auto mapping = FileMapping::map(*shard.piece_file());
  if (!mapping) return nullptr;
  const MutexLock lock(mutex_);
  std::erase_if(mappings_,
                [](const auto& entry) { return entry.second.expired(); });
  auto& kept = mappings_[generation];
  if (auto other = kept.lock()) return other;
  kept = mapping;
  return mapping;
}

}  // namespace dagfs::fs
