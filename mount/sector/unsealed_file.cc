// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/unsealed_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "car/base/endian.h"
#include "mount/sector/rle_plus.h"

namespace dagfs::mount {
namespace {

// Those that proofs exist for, the largest first.
constexpr std::array<std::uint64_t, 5> kSectorSizes = {
    std::uint64_t{64} << 30, std::uint64_t{32} << 30, std::uint64_t{512} << 20,
    std::uint64_t{8} << 20, std::uint64_t{2} << 10};

constexpr std::size_t kLengthSize = 4;

// Lotus warns of a trailer that is longer; a sector with a thousand pieces has
// one of a few KiB.
constexpr std::uint64_t kRunsSizeMax = std::uint64_t{1} << 20;

constexpr unsigned kAttemptsMax = 7;

void pause_longer_each_time(unsigned attempt) {
  std::this_thread::sleep_for(std::chrono::milliseconds(1U << attempt));
}

// The largest that a file of `size` bytes holds all of.
Result<PaddedSize> sector_size_within(std::uint64_t size) {
  const auto* const found = std::ranges::find_if(
      kSectorSizes, [&](std::uint64_t sector) { return sector <= size; });
  if (found != kSectorSizes.end()) return PaddedSize(*found);
  return Error(
      ErrorCode::kCorrupt,
      fmt::format("the file has {} bytes, less than any sector", size));
}

// nullopt: something about the file changed while it was read.
Result<std::optional<UnsealedFile>> try_to_open(const std::string& path) {
  auto file = DAGFS_TRY(PosixFile::open(path));
  const FileStamp before = DAGFS_TRY(file->stamp());
  auto trailer = SectorTrailer::read(*file);
  const FileStamp after = DAGFS_TRY(file->stamp());
  if (before != after) return std::optional<UnsealedFile>();
  if (!trailer.ok()) return std::move(trailer).error().context(path);
  return std::optional(UnsealedFile{.file = std::move(file),
                                    .stamp = after,
                                    .trailer = std::move(trailer).value()});
}

}  // namespace

Result<SectorTrailer> SectorTrailer::read(const RandomAccessFile& file) {
  const PaddedSize sector = DAGFS_TRY(sector_size_within(file.size()));
  const std::uint64_t rest = file.size() - sector.bytes();
  if (rest == 0) return SectorTrailer(sector, {}, true);

  std::uint64_t runs_size = 0;
  if (rest >= kLengthSize) {
    std::array<std::byte, kLengthSize> length;
    DAGFS_TRY(file.read_at(file.size() - kLengthSize, length));
    runs_size = load_le<std::uint32_t>(length.data());
  }
  if (rest != runs_size + kLengthSize) {
    return Error(
        ErrorCode::kCorrupt,
        fmt::format("{} bytes after the {} of the sector are no trailer: it "
                    "says that it has {}",
                    rest, sector.bytes(), runs_size + kLengthSize));
  }
  if (runs_size > kRunsSizeMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("trailer of {} bytes, at most {} are read",
                             runs_size, kRunsSizeMax));
  }
  Bytes runs(runs_size);
  DAGFS_TRY(file.read_at(sector.bytes(), runs));
  SectorTrailer trailer(sector, std::move(runs), false);
  DAGFS_TRY_CONTEXT(trailer.check(), "trailer");
  return trailer;
}

Status SectorTrailer::check() const {
  auto reader = DAGFS_TRY(RlePlusReader::open(runs_));
  while (true) {
    const auto run = DAGFS_TRY(reader.next());
    if (!run) return ok_status();
    // RlePlusReader sees to it that the sum is one.
    const std::uint64_t end = run->first + run->count;
    if (end > sector_size_.bytes()) {
      return Error(
          ErrorCode::kCorrupt,
          fmt::format("allocated up to {}, past the sector's end at {}", end,
                      sector_size_.bytes()));
    }
  }
}

bool SectorTrailer::is_allocated(const SectorRange& range) const {
  const std::uint64_t end = (range.offset + range.size).bytes();
  if (end > sector_size_.bytes()) return false;
  if (is_full_ || range.size == PaddedSize()) return true;

  auto reader = RlePlusReader::open(runs_);
  std::uint64_t covered = range.offset.bytes();  // From the range's begin on.
  while (covered < end) {
    const auto run = reader->next();
    assert(run.ok() && "check() read it before");
    if (!run.ok() || !run->has_value() || (*run)->first > covered) return false;
    covered = std::max(covered, (*run)->first + (*run)->count);
  }
  return true;
}

Result<UnsealedFile> UnsealedFile::open(const std::string& path,
                                        const Pause& pause) {
  for (unsigned attempt = 0;; ++attempt) {
    auto opened = try_to_open(path);
    if (opened.ok() && opened->has_value()) return **std::move(opened);
    if (!opened.ok() && opened.error().code() != ErrorCode::kCorrupt) {
      return std::move(opened).error();
    }
    if (attempt + 1 < kAttemptsMax) {
      pause(attempt);
      continue;
    }
    if (!opened.ok()) return std::move(opened).error();
    return Error(ErrorCode::kUnavailable,
                 path + ": it is being written to all the time");
  }
}

Result<UnsealedFile> UnsealedFile::open(const std::string& path) {
  return open(path, &pause_longer_each_time);
}

}  // namespace dagfs::mount
