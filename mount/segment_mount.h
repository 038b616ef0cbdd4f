// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "mount/mount.h"
#include "mount/mount_registry.h"

namespace dagfs::mount {

// segment:N:URL: one segment of the aggregate piece that URL yields, as a piece
// by itself. N is the number of its entry in the aggregate's index.
class SegmentMount final : public Mount {
 public:
  // What MountRegistry::add("segment", ...) wants; `aggregates` instantiates
  // what follows the number. kInvalidArgument: no number, or as that does.
  static MountRegistry::Factory factory(
      std::shared_ptr<const MountRegistry> aggregates);

  // Errors as those of the aggregate; kUnavailable: it has no such segment.
  std::string url() const override;
  Result<std::unique_ptr<RandomAccessFile>> open() const override;
  Result<FileStamp> stamp() const override;
  PieceShape shape() const override { return {.is_whole_piece = true}; }
  std::string backing_folder() const override {
    return aggregate_->backing_folder();
  }

 private:
  SegmentMount(std::uint64_t index, std::unique_ptr<Mount> aggregate)
      : index_(index), aggregate_(std::move(aggregate)) {}

  const std::uint64_t index_;
  const std::unique_ptr<Mount> aggregate_;
};

std::string segment_url(std::uint64_t index, std::string_view aggregate_url);

}  // namespace dagfs::mount
