// SPDX-License-Identifier: Apache-2.0 OR MIT

// Extents of any DAG follow each other without gaps and lie inside their
// blocks; a range read in two halves is the range read at once.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "car/unixfs/file_layout.h"
#include "tests/fuzz/fuzzed_dag.h"
#include "tests/support/fake_block_source.h"

namespace {

using dagfs::ByteRange;
using dagfs::car::FileExtent;
using dagfs::car::FileLayout;

// The end of what was mapped.
std::uint64_t check_map(FileLayout* layout, ByteRange range) {
  std::vector<FileExtent> extents;
  const bool ok = layout->map(range, &extents).ok();
  std::uint64_t offset = range.offset;
  for (const FileExtent& extent : extents) {
    const std::uint64_t block_size =
        extent.bytes == nullptr ? extent.block.size : extent.bytes->size();
    if (extent.offset != offset || extent.size == 0 ||
        extent.block_offset > block_size ||
        extent.size > block_size - extent.block_offset) {
      std::abort();
    }
    offset += extent.size;
  }
  const std::uint64_t end = std::min(layout->size(), range.offset + range.size);
  if (offset > std::max(end, range.offset)) std::abort();
  if (ok && range.offset < end && offset != end) std::abort();
  return offset;
}

void check(const dagfs::car::BlockSource& source, const dagfs::car::Cid& root) {
  constexpr std::uint64_t kStretch = 4096;  // Leaves may be one byte long.
  const auto opened = FileLayout::open(source, root);
  if (!opened.ok()) return;
  FileLayout* const layout = opened->get();
  const std::uint64_t end = check_map(layout, {0, kStretch});
  const std::uint64_t half = check_map(layout, {0, end / 2});
  if (half != end / 2 || check_map(layout, {half, end - half}) != end) {
    std::abort();
  }
  check_map(layout, {layout->size() / 2, kStretch});
  check_map(layout, {layout->size() - std::min(layout->size(), kStretch),
                     2 * kStretch});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::tests::FuzzedDag dag(dagfs::tests::FuzzInput(data, size));
  const dagfs::tests::FakeBlockSource source(dag.blocks());
  for (const auto& root : dag.last_roots()) check(source, root);
  return 0;
}
