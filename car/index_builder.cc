// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_builder.h"

#include "car/index_records.h"

namespace dagfs::car {
namespace {

// Often enough to stop within a millisecond, too rarely to be felt.
constexpr std::uint64_t kSectionsBetweenPolls = 4096;

}  // namespace

Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 const CarHeader& header,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled) {
  const auto check_cancelled = [cancelled]() -> Status {
    if (cancelled == nullptr || !cancelled->load(std::memory_order_relaxed)) {
      return ok_status();
    }
    return Error(ErrorCode::kUnavailable, "indexing was cancelled");
  };

  SectionReader reader(file, header, zero_section, header.first_section);
  IndexRecords records;
  IndexSummary summary;
  while (true) {
    if (summary.section_count % kSectionsBetweenPolls == 0) {
      DAGFS_TRY(check_cancelled());
    }
    const auto section = DAGFS_TRY(reader.next());
    if (!section) break;
    DAGFS_TRY(records.add(section->cid.multihash, section->position));
    ++summary.section_count;
    summary.block_bytes += section->block.size;
  }
  DAGFS_TRY(check_cancelled());
  records.sort();
  DAGFS_TRY_CONTEXT(records.encode(0,
                                   [&](ByteView bytes) -> Status {
                                     summary.index_size += bytes.size();
                                     return write_all(index_fd, bytes);
                                   }),
                    "write index");
  summary.data_end = reader.position();
  summary.has_duplicates = records.has_duplicates();
  return summary;
}

}  // namespace dagfs::car
