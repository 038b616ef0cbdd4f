// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_resume.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "car/car_header.h"
#include "car/car_reader.h"
#include "car/header_room.h"
#include "car/section_scanner.h"

namespace dagfs::car {
namespace {

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(
      bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

// Not what a crash leaves behind.
bool is_failure_to_read(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kUnavailable ||
         code == ErrorCode::kExhausted;
}

// Where sections are, before any was looked at.
struct Layout {
  bool was_finished = false;
  std::vector<Cid> roots;
  std::uint64_t first_section = 0;  // Offset in the file, as is ...
  std::uint64_t limit = 0;          // ... where sections must end.
};

// The layout of an unfinished file from its inner header, which ends where
// sections begin. Nullopt: none can be read.
std::optional<Layout> read_room(ByteView head, std::uint64_t file_size) {
  if (head.size() < kHeaderRoomOffset) return std::nullopt;
  const ByteView room = head.subspan(kHeaderRoomOffset);
  const auto begin = std::ranges::find_if(
      room, [](std::byte byte) { return byte != std::byte{0}; });
  if (begin == room.end()) return std::nullopt;
  const auto header = read_car_header(MemoryFile(Bytes(begin, room.end())));
  if (!header.ok() || header->version != 1) return std::nullopt;
  const auto skipped = static_cast<std::uint64_t>(begin - room.begin());
  return Layout{
      .roots = header->roots,
      .first_section = kHeaderRoomOffset + skipped + header->first_section,
      .limit = file_size};
}

Result<Layout> read_finished(const ReadWriteFile& file,
                             std::uint64_t file_size) {
  const CarHeader header =
      DAGFS_TRY(read_car_header(ReadWriteFileView(file, file_size)));
  const std::uint64_t first_section =
      header.payload.offset + header.first_section;
  // Once it is an unfinished file again, a header that ends further on would
  // not be found.
  if (first_section > kHeaderRoomOffset + kHeaderRoomMax) {
    return Error(
        ErrorCode::kUnsupported,
        fmt::format("sections begin at {}, only files where they do "
                    "before {} are appended to",
                    first_section, kHeaderRoomOffset + kHeaderRoomMax));
  }
  return Layout{.was_finished = true,
                .roots = header.roots,
                .first_section = first_section,
                .limit = header.payload.offset + header.payload.size};
}

class CarScanner {
 public:
  CarScanner(const ReadWriteFile& file, const CarScanOptions& options,
             const Layout& layout)
      : file_(file), options_(options), layout_(layout) {}

  // Walks and hashes as the options say.
  Result<CarScan> scan() {
    std::uint64_t hashed_from = layout_.first_section;
    if (options_.verified_tail < layout_.limit - layout_.first_section) {
      hashed_from = DAGFS_TRY(find_tail());
    }
    CarScan scan = DAGFS_TRY(scan_from(hashed_from));
    const bool all = hashed_from == layout_.first_section;
    if (scan.fault.empty() || all) return scan;
    return scan_from(layout_.first_section);
  }

 private:
  // A view of what stands from the first section on as of a payload.
  CarHeader as_payload() const {
    CarHeader header;
    header.payload = {.offset = layout_.first_section,
                      .size = layout_.limit - layout_.first_section};
    return header;
  }

  // Where the section begins with which the part to be hashed does.
  Result<std::uint64_t> find_tail() {
    std::uint64_t end = layout_.first_section;
    const auto reach_end = [&](const Section& section) -> Result<bool> {
      end = section.block.offset + section.block.size;
      return true;
    };
    const Status walked = walk_heads(reach_end);
    if (!walked.ok() && is_failure_to_read(walked.error().code())) {
      return walked.error();
    }

    // The last section at least is hashed.
    std::uint64_t tail = layout_.first_section;
    const auto reach_tail = [&](const Section& section) -> Result<bool> {
      tail = layout_.first_section + section.position;
      return end - tail > options_.verified_tail && tail + section.size < end;
    };
    if (end > tail) DAGFS_TRY(walk_heads(reach_tail));
    return tail;
  }

  // Visits heads until told to stop.
  template <typename Visitor>
  Status walk_heads(Visitor visit) {
    const ReadWriteFileView view(file_, layout_.limit);
    SectionReader reader(view, as_payload(), ZeroSection::kIsCorrupt, 0);
    while (true) {
      DAGFS_TRY(check_cancelled());
      const auto section = DAGFS_TRY(reader.next());
      if (!section) return ok_status();
      const bool more = DAGFS_TRY(visit(*section));
      if (!more) return ok_status();
    }
  }

  // Notes all sections, and hashes those that begin at `hashed_from` or later.
  Result<CarScan> scan_from(std::uint64_t hashed_from) {
    CarScan scan;
    scan.was_finished = layout_.was_finished;
    scan.roots = layout_.roots;
    scan.first_section = layout_.first_section;
    const auto note = [&](const Section& section) -> Result<bool> {
      const std::uint64_t offset = layout_.first_section + section.position;
      if (offset >= hashed_from) return false;
      DAGFS_TRY(scan.table.add(section.cid.multihash, offset));
      ++scan.block_count;
      scan.block_bytes += section.block.size;
      return true;
    };
    if (hashed_from > layout_.first_section) DAGFS_TRY(walk_heads(note));

    SectionScanner scanner(
        [this](std::uint64_t offset, std::span<std::byte> out) {
          return file_.read_at(offset, out);
        },
        {.payload_offset = layout_.first_section,
         .position = hashed_from - layout_.first_section},
        [&](const Section& section, const Status&) -> Status {
          DAGFS_TRY(check_cancelled());
          DAGFS_TRY(scan.table.add(section.cid.multihash,
                                   layout_.first_section + section.position));
          ++scan.block_count;
          scan.block_bytes += section.block.size;
          return ok_status();
        });
    const Status status = scanner.advance(layout_.limit, layout_.limit);
    scan.end = layout_.first_section + scanner.position();
    if (status.ok()) return scan;
    if (layout_.was_finished || is_failure_to_read(status.error().code())) {
      return status.error();
    }
    scan.fault = status.error().message();
    return scan;
  }

  Status check_cancelled() const {
    if (options_.cancelled == nullptr ||
        !options_.cancelled->load(std::memory_order_relaxed)) {
      return ok_status();
    }
    return Error(ErrorCode::kUnavailable, "resuming was cancelled");
  }

  const ReadWriteFile& file_;
  const CarScanOptions& options_;
  const Layout& layout_;
};

CarScan nothing_there(std::string fault) {
  CarScan scan;
  scan.is_empty = true;
  scan.fault = std::move(fault);
  return scan;
}

// Where the inner header cannot be read though there is something behind it:
// only the room that the caller reserved tells where sections begin, and it is
// believed if there is a good one.
Result<CarScan> scan_behind(const ReadWriteFile& file,
                            const CarScanOptions& options,
                            std::uint64_t file_size) {
  const Layout layout{.first_section = kHeaderRoomOffset + options.header_room,
                      .limit = file_size};
  CarScan scan = DAGFS_TRY(CarScanner(file, options, layout).scan());
  if (scan.block_count > 0) return scan;
  return Error(ErrorCode::kCorrupt,
               fmt::format("an unfinished CARv2 of {} bytes without an inner "
                           "header before {}",
                           file_size, layout.first_section));
}

}  // namespace

Result<CarScan> scan_car(const ReadWriteFile& file,
                         const CarScanOptions& options) {
  const std::uint64_t size = DAGFS_TRY(file.size());
  if (size == 0) return nothing_there("");
  Bytes head(std::min<std::uint64_t>(size, kHeaderRoomOffset + kHeaderRoomMax));
  DAGFS_TRY(file.read_at(0, head));
  const Bytes expected = unfinished_head(options.header_room);
  if (is_zero(ByteView(head).first(std::min(head.size(), expected.size())))) {
    return nothing_there("nothing of the file's head was written");
  }

  const std::size_t pragma_size = std::min(head.size(), kPragmaSize);
  if (as_text(ByteView(head).first(pragma_size)) !=
      kPragma.substr(0, pragma_size)) {
    return Error(ErrorCode::kCorrupt, "not a CARv2");
  }
  const ByteView after = ByteView(head).subspan(pragma_size);
  if (!is_zero(after.first(std::min(after.size(), kCarV2HeaderSize)))) {
    const Layout layout = DAGFS_TRY(read_finished(file, size));
    return CarScanner(file, options, layout).scan();
  }
  if (const auto layout = read_room(head, size)) {
    return CarScanner(file, options, *layout).scan();
  }
  const bool is_all = size == head.size();
  if (size <= expected.size() || (is_all && is_zero(after))) {
    return nothing_there("the file's head is cut short");
  }
  return scan_behind(file, options, size);
}

}  // namespace dagfs::car
