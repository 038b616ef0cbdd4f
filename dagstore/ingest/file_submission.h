// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "car/base/unique_fd.h"
#include "dagstore/ingest/car_intake.h"
#include "dagstore/ingest/file_stream.h"
#include "dagstore/ingest/submission.h"

namespace dagfs::dagstore {

inline constexpr std::string_view kDataName = "data";

// A file of the inbox. As long as its bytes come one after the other they are
// made blocks at once (FileStream), or checked if they are those of a CAR; the
// first write elsewhere, or truncation, makes it a plain file, the spool, that
// is read once more when it is sealed. Its first bytes, up to
// car::kSniffedHeaderSize, wait in memory until they tell which it is.
class FileSubmission final : public Submission {
 public:
  FileSubmission(std::uint64_t id, std::string folder, SubmissionRecord record,
                 const SubmissionContext* context);
  ~FileSubmission() override;

  // As a plain file, however it came. Where that is not called, because it is a
  // piece already, nothing can be read: EBUSY.
  Status recover() override;

  // All below as the file systems' calls; begin_change() came first.

  Result<std::size_t> write(std::uint64_t offset, ByteView bytes);
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> out);
  Status truncate(std::uint64_t size);
  // fallocate(2) without flags.
  Status allocate(std::uint64_t offset, std::uint64_t size, int flags);
  // What was written is kept, whatever becomes of the process or the machine.
  // Tells what went wrong with writes before.
  Status keep(Durability durability);
  // keep() when a writer closes it.
  Status keep_closed();

  std::uint64_t size() const { return size_; }

  Result<IngestedPath> make_piece() override;
  void drop_content() override;

 protected:
  std::uint64_t content_size() const override { return size_; }
  bool seals_by_itself() const override { return true; }
  // What is lost does not come back by trying again.
  Status prepare_retry() override;

 private:
  std::string path(std::string_view name) const;
  Status restore_data() DAGFS_REQUIRES(content_mutex_);
  Status write_next(ByteView bytes) DAGFS_REQUIRES(content_mutex_);
  Status choose(car::CarSign sign) DAGFS_REQUIRES(content_mutex_);
  Status write_data(std::uint64_t offset, ByteView bytes)
      DAGFS_REQUIRES(content_mutex_);
  Status open_data(int flags) DAGFS_REQUIRES(content_mutex_);
  Status become_spool() DAGFS_REQUIRES(content_mutex_);
  Status copy_stream() DAGFS_REQUIRES(content_mutex_);
  Status start_anew() DAGFS_REQUIRES(content_mutex_);
  void remove_stream() DAGFS_REQUIRES(content_mutex_);
  Status keep_content(Durability durability) DAGFS_REQUIRES(content_mutex_);
  Status keep_record(Durability durability);
  car::NodeAttributes node_attributes() const;
  Result<IngestedPath> finish_spool() DAGFS_REQUIRES(content_mutex_);
  template <typename T>
  Result<T> noted(Result<T> result) DAGFS_REQUIRES(content_mutex_);

  std::atomic<std::uint64_t> size_ = 0;

  Mutex content_mutex_;  // Before the base's. Held while hashing catches up.
  // At most one of the three; `data_` also of a CAR.
  Bytes head_ DAGFS_GUARDED_BY(content_mutex_);
  std::unique_ptr<FileStream> stream_ DAGFS_GUARDED_BY(content_mutex_);
  UniqueFd data_ DAGFS_GUARDED_BY(content_mutex_);
  // Of a CAR that came in order so far.
  std::unique_ptr<CarIntake> intake_ DAGFS_GUARDED_BY(content_mutex_);
};

}  // namespace dagfs::dagstore
