// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/content.h"

#include <algorithm>
#include <vector>

#include "car/unixfs/file_layout.h"

namespace dagfs::tools {
namespace {

// Blocks of so many bytes are checked together, two side by side.
constexpr std::uint64_t kStretchSize = std::uint64_t{8} << 20;

// One read and one write.
constexpr std::uint64_t kBufferSize = std::uint64_t{1} << 20;

Status verify(const OpenCar& car, const std::vector<car::FileExtent>& extents) {
  std::vector<car::BlockLocation> locations;
  for (const car::FileExtent& extent : extents) {
    if (extent.bytes == nullptr) locations.push_back(extent.block);
  }
  return car.blocks->verify(locations);
}

class ContentReader {
 public:
  ContentReader(const OpenCar& car, const ContentSink& sink)
      : car_(car), sink_(sink) {}

  Status read(const car::Cid& cid) {
    const auto layout = DAGFS_TRY(car::FileLayout::open(*car_.blocks, cid));
    for (std::uint64_t offset = 0; offset < layout->size();
         offset += kStretchSize) {
      std::vector<car::FileExtent> extents;
      const Status mapped =
          layout->map({.offset = offset, .size = kStretchSize}, &extents);
      DAGFS_TRY(copy(extents));
      DAGFS_TRY(mapped);
    }
    return ok_status();
  }

 private:
  // All extents are checked at once; where one is bad, those before it still
  // go out.
  Status copy(const std::vector<car::FileExtent>& extents) {
    const bool all_right = verify(car_, extents).ok();
    for (const car::FileExtent& extent : extents) {
      if (!all_right) DAGFS_TRY(verify(car_, {extent}));
      DAGFS_TRY(copy_one(extent));
    }
    return ok_status();
  }

  Status copy_one(const car::FileExtent& extent) {
    if (extent.bytes != nullptr) {
      return sink_(
          ByteView(*extent.bytes).subspan(extent.block_offset, extent.size));
    }
    const std::uint64_t begin = extent.block.offset + extent.block_offset;
    for (std::uint64_t done = 0; done < extent.size;) {
      const std::uint64_t size = std::min(kBufferSize, extent.size - done);
      buffer_.resize(size);
      DAGFS_TRY_CONTEXT(car_.file->read_at(begin + done, buffer_), car_.path);
      DAGFS_TRY(sink_(buffer_));
      done += size;
    }
    return ok_status();
  }

  const OpenCar& car_;
  const ContentSink& sink_;
  Bytes buffer_;
};

}  // namespace

Status read_content(const OpenCar& car, const DagEntry& entry,
                    const ContentSink& sink) {
  if (entry.type == EntryType::kFile) {
    DAGFS_TRY(ContentReader(car, sink).read(entry.cid));
  } else {
    const car::Block block = DAGFS_TRY(car.blocks->get(entry.cid));
    DAGFS_TRY(sink(*block));
  }
  // Bytes were read again after they had been checked; that holds only for a
  // file that stayed as it was.
  return car.check_unchanged();
}

}  // namespace dagfs::tools
