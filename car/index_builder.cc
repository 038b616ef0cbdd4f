// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_builder.h"

#include <cassert>

#include "car/index_records.h"

namespace dagfs::car {
namespace {

// Often enough to stop within a millisecond, too rarely to be felt.
constexpr std::uint64_t kSectionsBetweenPolls = 4096;

Status check_cancelled(const std::atomic<bool>* cancelled) {
  if (cancelled == nullptr || !cancelled->load(std::memory_order_relaxed)) {
    return ok_status();
  }
  return Error(ErrorCode::kUnavailable, "indexing was cancelled");
}

// Walks to the end of the data.
Status collect_records(SectionReader* reader,
                       const std::atomic<bool>* cancelled,
                       IndexRecords* records, IndexSummary* summary) {
  while (true) {
    if (summary->section_count % kSectionsBetweenPolls == 0) {
      DAGFS_TRY(check_cancelled(cancelled));
    }
    const auto section = DAGFS_TRY(reader->next());
    if (!section) return ok_status();
    DAGFS_TRY(records->add(section->cid.multihash, section->position));
    ++summary->section_count;
    summary->block_bytes += section->block.size;
  }
}

}  // namespace

Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 const CarHeader& header,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled) {
  return build_index(file, std::span(&header, 1), zero_section, index_fd,
                     cancelled);
}

Result<IndexSummary> build_index(const RandomAccessFile& file,
                                 std::span<const CarHeader> headers,
                                 ZeroSection zero_section, int index_fd,
                                 const std::atomic<bool>* cancelled) {
  assert(!headers.empty());
  IndexRecords records;
  IndexSummary summary;
  for (const CarHeader& header : headers) {
    SectionReader reader(file, header, zero_section, header.first_section);
    DAGFS_TRY(collect_records(&reader, cancelled, &records, &summary));
    if (&header == &headers.front()) summary.data_end = reader.position();
  }
  DAGFS_TRY(check_cancelled(cancelled));
  records.sort();
  DAGFS_TRY_CONTEXT(records.encode(0,
                                   [&](ByteView bytes) -> Status {
                                     summary.index_size += bytes.size();
                                     return write_all(index_fd, bytes);
                                   }),
                    "write index");
  summary.has_duplicates = records.has_duplicates();
  return summary;
}

}  // namespace dagfs::car
