// SPDX-License-Identifier: Apache-2.0 OR MIT

// A CARv2 that grows: blocks are appended, found and read back before it is
// finished. docs/formats/car.md has the bytes of an unfinished one.

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "car/append_file.h"
#include "car/append_observer.h"
#include "car/base/mutex.h"
#include "car/base/read_write_file.h"
#include "car/block_sink.h"
#include "car/block_source.h"
#include "car/car_header.h"
#include "car/car_resume.h"
#include "car/header_room.h"
#include "car/section_table.h"

namespace dagfs::car {

struct ReadWriteOptions {
  // Bytes for the inner header; finish() fails if the roots need more.
  std::uint64_t header_room = kHeaderRoomUsual;
  // Small blocks are written this many bytes at a time.
  std::size_t buffer_size = std::size_t{1} << 20;
  // Sees the file from its first byte on; must outlive the store. May be null.
  AppendObserver* observer = nullptr;
};

struct ResumeOptions {
  ReadWriteOptions write;
  // How much of the end is hashed; what is before it is only walked. All of
  // it, unless the caller knows up to where the file is durable. Should
  // anything in this part be wrong, all is hashed after all.
  std::uint64_t verified_tail = std::numeric_limits<std::uint64_t>::max();
  // Ends it with kUnavailable once it is set; may be null.
  const std::atomic<bool>* cancelled = nullptr;
};

// What resume() found.
struct ResumeReport {
  bool was_finished = false;
  std::vector<Cid> roots;         // Of the inner header; none if not patched.
  std::uint64_t block_count = 0;  // Sections kept.
  std::uint64_t kept_size = 0;    // Of the file, up to the last one's end.
  // Bytes after that which are no whole sections, or whose blocks are wrong,
  // and why; the index of a finished file is not among them.
  std::uint64_t cut_size = 0;
  std::string cut_reason;
};

// What finish() made.
struct FinishedCar {
  CarHeader header;             // As read_car_header finds it.
  ByteRange index;              // Codec and body, in the file.
  std::uint64_t file_size = 0;  // Bytes.
  std::uint64_t block_count = 0;
  std::uint64_t block_bytes = 0;
};

// put, flush, sync, finish and discard are for one thread at a time. get,
// locate and the other const functions are safe from any thread at any time,
// beside that one as well.
//
// Memory: the buffer, and for each block the 40 bytes (for a digest of 32) of
// its index entry and 10 to 15 of a table. Destroying it writes nothing:
// buffered blocks are lost as in a crash. docs/formats/car.md says what is
// durable when.
class ReadWriteBlockstore final : public BlockSink, public BlockSource {
 public:
  struct Resumed;

  // Starts a CARv2 in `file`, which must be empty. kInvalidArgument: it is
  // not, or header_room is too small for no roots or over kHeaderRoomMax. kIo.
  static Result<std::unique_ptr<ReadWriteBlockstore>> create(
      std::unique_ptr<ReadWriteFile> file, const ReadWriteOptions& options);

  // Goes on with a file that create() began, whatever became of it: cut
  // anywhere, or finished. Sections are kept up to the first one that is not
  // whole or whose block is wrong. header_room is taken from the file.
  //
  // Writes nothing: what is to be cut is cut by the first put, sync or finish,
  // and a finished file is a finished file until then. So a caller who does
  // not like the report can leave the file as it is.
  //
  // kCorrupt: not such a file, or a finished one with anything wrong in it;
  // kUnsupported: a finished one with hashes not known here. kUnavailable,
  // kExhausted, kIo.
  static Result<Resumed> resume(std::unique_ptr<ReadWriteFile> file,
                                const ResumeOptions& options);

  ~ReadWriteBlockstore() override;

  // BlockSink. Two CIDs that share a multihash are two sections. kExhausted:
  // the index would exceed kIndexSizeMax.
  Result<std::uint64_t> put(const Cid& cid, ByteView block) override;

  // Hands what is buffered to the system: it survives this process.
  Status flush();
  // Makes all that was put durable: it survives the machine.
  Status sync();

  // Writes index and inner header, makes them durable, then writes the CARv2
  // header and makes that durable. From then on put fails; reads go on.
  // kInvalidArgument: the roots need more than the header's room. kNoSpace,
  // kIo. After an error the file is an unfinished one with all blocks in it
  // (or a finished one, if only the last sync failed), and put and finish may
  // be tried again unless a sync failed: what the system could not write then,
  // it may have forgotten, so only resume() can tell what is there.
  Result<FinishedCar> finish(const std::vector<Cid>& roots);

  // Gives up: the file is cut to nothing. Everything fails after this with
  // kInvalidArgument. kIo.
  Status discard();

  // BlockSource. A location's ordinal is always 0.
  Result<Block> get(const Cid& cid) const override;
  Result<BlockLocation> locate(const Cid& cid) const override;

  // The block whose section begins at `offset` of the file, which put()
  // answered. kInvalidArgument: outside the sections. kCorrupt, kIo.
  Result<BlockLocation> locate_at(std::uint64_t offset) const;

  // Bytes of the file, up to the last section's end, unchecked; buffered or
  // not is all the same. kInvalidArgument: past that. kIo.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;

  // A section with this very CID is there. kIo.
  Result<bool> has(const Cid& cid) const;

  std::uint64_t block_count() const;
  std::uint64_t block_bytes() const;
  std::uint64_t end() const;  // Of the last section, in the file.

  // The file's descriptor, or -1. What is buffered is not in it.
  int plain_fd() const { return file_->plain_fd(); }

 private:
  enum class State : std::uint8_t { kGrowing, kFinished, kDiscarded };

  struct Totals {
    std::uint64_t block_count = 0;
    std::uint64_t block_bytes = 0;
  };

  ReadWriteBlockstore(std::unique_ptr<ReadWriteFile> file,
                      const ReadWriteOptions& options, CarScan scan);

  Status check_open() const;
  Status prepare_to_write();
  Status invalidate_head();
  Status sync_file();
  SectionOffsets offsets_of(const Cid& cid) const DAGFS_EXCLUDES(mutex_);
  Result<std::optional<std::uint64_t>> find_section(const Cid& cid) const;
  Result<Block> read_block(const Cid& cid, std::uint64_t offset) const;
  Result<std::uint64_t> write_index(std::uint64_t position_shift);
  Status write_heads(const FinishedCar& car, ByteView inner_header);
  void tell_observer(const FinishedCar& car, ByteView heads) const;

  // Constant after construction.
  std::unique_ptr<ReadWriteFile> file_;
  AppendObserver* observer_;
  std::uint64_t first_section_;  // Offset in the file.

  // The writing thread's alone.
  State state_ = State::kGrowing;
  std::optional<Error> sync_failure_;  // The first one; there is no second try.
  std::uint64_t cut_at_;         // Nothing after this is to be kept, and ...
  bool prepared_ = false;        // ... it was taken away.
  bool head_may_stand_ = false;  // The CARv2 header may not be zero.

  AppendFile sections_;  // Locks for itself.

  mutable Mutex mutex_;
  SectionTable table_ DAGFS_GUARDED_BY(mutex_);
  Totals totals_ DAGFS_GUARDED_BY(mutex_);
};

struct ReadWriteBlockstore::Resumed {
  std::unique_ptr<ReadWriteBlockstore> store;
  ResumeReport report;
};

}  // namespace dagfs::car
