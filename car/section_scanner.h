// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/car_reader.h"

namespace dagfs::car {

// Walks the sections of a payload that may still be growing, and hashes every
// block on the way. Each byte is read once, from front to back. One thread at a
// time. Memory: 4 MiB, or 1 MiB for each of sha256_lanes(), or the largest
// section.
class SectionScanner {
 public:
  // Fills `out` with the file's bytes from `offset` on.
  using ReadAt =
      std::function<Status(std::uint64_t offset, std::span<std::byte> out)>;

  // Told of each section in order, its block found right, or not checkable if
  // those are let through. What it answers but success ends the scan.
  using Visitor = std::function<Status(const Section&, const Status& verdict)>;

  enum class Unverifiable : std::uint8_t {
    kFails,  // A hash function that is not known here is an error ...
    kPasses  // ... or told to the visitor with a verdict of kUnsupported.
  };

  struct Options {
    std::uint64_t payload_offset = 0;  // In the file.
    std::uint64_t position = 0;        // In the payload; of the first section.
    ZeroSection zero_section = ZeroSection::kIsCorrupt;
    Unverifiable unverifiable = Unverifiable::kFails;
  };

  SectionScanner(ReadAt read, const Options& options, Visitor visitor);

  // The end of a payload that is not known yet.
  static constexpr std::uint64_t kUnknown =
      std::numeric_limits<std::int64_t>::max();

  // Goes on through all sections that are whole, where the file has
  // `available` bytes by now and the payload ends at offset `payload_end`, or
  // kUnknown. Neither may become less; what kUnknown becomes may be known
  // later.
  //
  // kCorrupt with the offset in the file: as SectionReader, or a block that
  // does not hash to its CID, or anything but zeros after a section of length
  // 0 that ends the data. kUnsupported: see Unverifiable. kIo, and what the
  // visitor answers. No further call may follow an error.
  Status advance(std::uint64_t available, std::uint64_t payload_end);

  // After the last section that was told: in the payload.
  std::uint64_t position() const { return position_; }

 private:
  struct Candidate {
    Section section;
    ByteView bytes;
  };

  Status scan_window(std::uint64_t payload_end);
  Result<std::optional<Candidate>> next(std::uint64_t payload_end);
  Status check_zeros();
  Status settle(const Candidate& candidate, Status verdict);
  Status settle_pending();
  std::size_t capacity_for(std::size_t kept, std::uint64_t limit) const;
  Status fill(std::uint64_t limit);

  std::uint64_t filled() const { return window_offset_ + window_size_; }

  // Constant after construction.
  ReadAt read_;
  Options options_;
  Visitor visitor_;

  std::uint64_t position_;
  bool in_padding_ = false;

  // Bytes of the file that were read and not done with.
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::uint64_t window_offset_;
  std::size_t window_size_ = 0;
  std::size_t walked_ = 0;          // Bytes of the window that were parsed.
  std::uint64_t wanted_ = 0;        // Bytes that the section at walked_ has.
  std::vector<Candidate> pending_;  // To be hashed together.
};

}  // namespace dagfs::car
