// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/read_write_blockstore.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "car/base/endian.h"
#include "car/base/kill_point.h"
#include "car/car_reader.h"
#include "car/ipld/digest.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// Of an index that is being written.
constexpr std::size_t kIndexWriteSize = std::size_t{1} << 20;

Error invalid(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message));
}

Error absent_block(const Cid& cid) {
  return Error(ErrorCode::kNotFound,
               fmt::format("block {} is not in the CAR", cid.to_string()));
}

// What cannot be read again is not written.
Status check_block(const Cid& cid, ByteView block) {
  const Multihash multihash = cid.multihash();
  if (cid.bytes().size() > kCidSizeMax) {
    return invalid(fmt::format("CID of {} bytes, more than {}",
                               cid.bytes().size(), kCidSizeMax));
  }
  if (block.size() > kBlockSizeMax) {
    return invalid(fmt::format("block {} of {} bytes, more than {}",
                               cid.to_string(), block.size(), kBlockSizeMax));
  }
  if (!can_verify(multihash.code)) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("block {}: hash function {} is not known",
                             cid.to_string(), name_of(multihash.code)));
  }
  const std::size_t digest_size_max = digest_size(multihash.code).max;
  if (multihash.digest.empty() || multihash.digest.size() > digest_size_max) {
    return invalid(fmt::format("block {}: a digest of {} bytes",
                               cid.to_string(), multihash.digest.size()));
  }
  return ok_status();
}

// Length varint and CID of a section.
struct EncodedHead {
  std::array<std::byte, kSectionHeadSizeMax + 1> bytes;
  std::size_t size = 0;

  ByteView view() const { return ByteView(bytes).first(size); }
};

EncodedHead encode_head(const Cid& cid, std::size_t block_size) {
  const EncodedVarint length = encode_varint(cid.bytes().size() + block_size);
  EncodedHead head;
  std::ranges::copy(length.view(), head.bytes.begin());
  std::ranges::copy(cid.bytes(), head.bytes.begin() +
                                     static_cast<std::ptrdiff_t>(length.size));
  head.size = length.size + cid.bytes().size();
  return head;
}

// From offsets in the file to positions in the payload: what is added, modulo
// 2^64, for it is less than nothing.
std::uint64_t position_shift(const CarHeader& header) {
  return 0 - header.payload.offset;
}

Bytes encode_v2_header(const CarV2Header& header) {
  Bytes bytes(kCarV2HeaderSize);
  std::ranges::copy(header.characteristics, bytes.begin());
  store_le(bytes.data() + 16, header.payload.offset);
  store_le(bytes.data() + 24, header.payload.size);
  store_le(bytes.data() + 32, header.index_offset);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<ReadWriteBlockstore>> ReadWriteBlockstore::create(
    std::unique_ptr<ReadWriteFile> file, const ReadWriteOptions& options) {
  const std::uint64_t size = DAGFS_TRY(file->size());
  if (size != 0) return invalid(fmt::format("file of {} bytes, not 0", size));
  Resumed resumed = DAGFS_TRY(resume(std::move(file), {.write = options}));
  return std::move(resumed.store);
}

Result<ReadWriteBlockstore::Resumed> ReadWriteBlockstore::resume(
    std::unique_ptr<ReadWriteFile> file, const ResumeOptions& options) {
  const std::uint64_t room = options.write.header_room;
  if (room < kHeaderRoomMin || room > kHeaderRoomMax) {
    return invalid(fmt::format("header room of {} bytes, not {} to {}", room,
                               kHeaderRoomMin, kHeaderRoomMax));
  }
  CarScan scan =
      DAGFS_TRY(scan_car(*file, {.header_room = room,
                                 .verified_tail = options.verified_tail,
                                 .cancelled = options.cancelled}));
  const std::uint64_t size = DAGFS_TRY(file->size());
  ResumeReport report{.was_finished = scan.was_finished,
                      .roots = scan.roots,
                      .block_count = scan.block_count,
                      .kept_size = scan.end,
                      .cut_size = scan.was_finished ? 0 : size - scan.end,
                      .cut_reason = scan.fault};
  const bool is_empty = scan.is_empty;
  if (is_empty) scan.first_section = kHeaderRoomOffset + room;
  std::unique_ptr<ReadWriteBlockstore> store(
      new ReadWriteBlockstore(std::move(file), options.write, std::move(scan)));
  if (is_empty) {
    DAGFS_TRY(store->sections_.append(unfinished_head(room), {}));
  } else {
    DAGFS_TRY(store->sections_.replay());
  }
  return Resumed{.store = std::move(store), .report = std::move(report)};
}

ReadWriteBlockstore::ReadWriteBlockstore(std::unique_ptr<ReadWriteFile> file,
                                         const ReadWriteOptions& options,
                                         CarScan scan)
    : file_(std::move(file)),
      observer_(options.observer),
      first_section_(scan.first_section),
      cut_at_(scan.end),
      head_may_stand_(scan.was_finished),
      // Large enough for the head of a new file, which is not written before
      // there is a block.
      sections_(file_.get(), {.end = scan.end,
                              .buffer_size = std::max<std::size_t>(
                                  options.buffer_size, scan.first_section),
                              .observer = options.observer}),
      table_(std::move(scan.table)),
      totals_{.block_count = scan.block_count,
              .block_bytes = scan.block_bytes} {}

ReadWriteBlockstore::~ReadWriteBlockstore() = default;

Result<std::uint64_t> ReadWriteBlockstore::put(const Cid& cid, ByteView block) {
  DAGFS_TRY(check_open());
  if (cid.empty()) return invalid("a block without a CID");
  if (cid.is_identity()) return kNotStored;
  DAGFS_TRY(check_block(cid, block));
  if (const auto found = DAGFS_TRY(find_section(cid))) return *found;
  {
    // First, so that what was written cannot fail to be found.
    const MutexLock lock(mutex_);
    DAGFS_TRY(table_.reserve(cid.multihash()));
  }
  DAGFS_TRY(prepare_to_write());

  const std::uint64_t offset = sections_.end();
  DAGFS_TRY_CONTEXT(
      sections_.append(encode_head(cid, block.size()).view(), block),
      "append block");
  const MutexLock lock(mutex_);
  DAGFS_TRY(table_.add(cid.multihash(), offset));
  ++totals_.block_count;
  totals_.block_bytes += block.size();
  return offset;
}

Status ReadWriteBlockstore::flush() {
  DAGFS_TRY(check_open());
  // Of a finished file nothing is to be written before there is a block.
  if (head_may_stand_ && !prepared_) return ok_status();
  DAGFS_TRY(prepare_to_write());
  DAGFS_TRY(sections_.flush());
  kill_point("car.flushed");
  return ok_status();
}

Status ReadWriteBlockstore::sync() {
  DAGFS_TRY(flush());
  DAGFS_TRY(sync_file());
  kill_point("car.synced");
  return ok_status();
}

// Once a sync failed the system takes the pages for written that it could not
// write, and the next sync would succeed.
Status ReadWriteBlockstore::sync_file() {
  Status status = file_->sync();
  if (!status.ok()) sync_failure_ = status.error();
  return status;
}

Status ReadWriteBlockstore::check_open() const {
  switch (state_) {
    case State::kGrowing: break;
    case State::kFinished: return invalid("the CAR is finished");
    case State::kDiscarded: return invalid("the CAR was discarded");
  }
  if (!sync_failure_) return ok_status();
  return Error(*sync_failure_).context("the CAR must be resumed");
}

// Before the first byte is written: takes away what is not to be kept, after
// making sure that nobody takes it for there.
Status ReadWriteBlockstore::prepare_to_write() {
  if (prepared_) return ok_status();
  if (head_may_stand_) DAGFS_TRY(invalidate_head());
  const std::uint64_t size = DAGFS_TRY(file_->size());
  if (size > cut_at_) DAGFS_TRY(file_->resize(cut_at_));
  kill_point("car.cut");
  prepared_ = true;
  return ok_status();
}

// Makes an unfinished file of a finished one. Its sections are durable before
// they are all that tells of the blocks, and index and sections are touched
// only after the head that points at them is durably gone.
Status ReadWriteBlockstore::invalidate_head() {
  DAGFS_TRY(sync_file());
  Bytes head(first_section_ - kPragmaSize);
  DAGFS_TRY(file_->read_at(kPragmaSize, head));
  // Others may have put anything before the payload; resume() expects zeros.
  const auto payload_offset = load_le<std::uint64_t>(head.data() + 16);
  const std::uint64_t zeros = std::clamp(payload_offset, kHeaderRoomOffset,
                                         first_section_ - kHeaderRoomMin);
  std::fill_n(head.begin(), zeros - kPragmaSize, std::byte{0});
  DAGFS_TRY(file_->write_at(kPragmaSize, head));
  DAGFS_TRY(sync_file());
  head_may_stand_ = false;
  kill_point("car.reopened");
  return ok_status();
}

Result<FinishedCar> ReadWriteBlockstore::finish(const std::vector<Cid>& roots) {
  DAGFS_TRY(check_open());
  const Bytes inner_header = encode_car_header(roots);
  const std::uint64_t room = first_section_ - kHeaderRoomOffset;
  if (inner_header.size() > room) {
    return invalid(
        fmt::format("{} roots need a header of {} bytes, {} are kept",
                    roots.size(), inner_header.size(), room));
  }
  DAGFS_TRY(prepare_to_write());
  DAGFS_TRY(sections_.flush());
  cut_at_ = sections_.end();
  prepared_ = false;  // What is written from here on is to be cut.

  FinishedCar car;
  const std::uint64_t payload_offset = first_section_ - inner_header.size();
  car.header.version = 2;
  car.header.roots = roots;
  car.header.payload = {.offset = payload_offset,
                        .size = cut_at_ - payload_offset};
  car.header.first_section = inner_header.size();
  car.header.v2 =
      CarV2Header{.payload = car.header.payload, .index_offset = cut_at_};
  car.index = {.offset = cut_at_,
               .size = DAGFS_TRY(write_index(position_shift(car.header)))};
  car.file_size = car.index.offset + car.index.size;
  {
    const MutexLock lock(mutex_);
    car.block_count = totals_.block_count;
    car.block_bytes = totals_.block_bytes;
  }
  DAGFS_TRY(write_heads(car, inner_header));
  state_ = State::kFinished;
  return car;
}

// From cut_at_ on; answers its size.
Result<std::uint64_t> ReadWriteBlockstore::write_index(
    std::uint64_t position_shift) {
  const IndexRecords* records = nullptr;
  {
    const MutexLock lock(mutex_);
    table_.sort();
    // Only this thread changes them, so that reading needs no lock.
    records = &table_.records();
  }
  std::uint64_t offset = cut_at_;
  Bytes buffer;
  const auto write = [&](ByteView bytes) -> Status {
    DAGFS_TRY_CONTEXT(file_->write_at(offset, bytes), "write index");
    offset += bytes.size();
    return ok_status();
  };
  const auto collect = [&](ByteView bytes) -> Status {
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
    if (buffer.size() < kIndexWriteSize) return ok_status();
    DAGFS_TRY(write(buffer));
    buffer.clear();
    return ok_status();
  };
  DAGFS_TRY(records->encode(position_shift, collect));
  DAGFS_TRY(write(buffer));
  kill_point("car.index_written");
  return offset - cut_at_;
}

// The header that makes the file a finished one comes last, when all that it
// speaks of is durable.
Status ReadWriteBlockstore::write_heads(const FinishedCar& car,
                                        ByteView inner_header) {
  const Bytes room =
      right_aligned(inner_header, first_section_ - kHeaderRoomOffset);
  DAGFS_TRY_CONTEXT(file_->write_at(kHeaderRoomOffset, room), "write header");
  DAGFS_TRY(sync_file());
  kill_point("car.index_synced");

  Bytes heads = encode_v2_header(*car.header.v2);
  head_may_stand_ = true;
  DAGFS_TRY_CONTEXT(file_->write_at(kPragmaSize, heads), "write header");
  kill_point("car.header_written");
  DAGFS_TRY(sync_file());
  kill_point("car.finished");

  heads.insert(heads.end(), room.begin(), room.end());
  tell_observer(car, heads);
  return ok_status();
}

void ReadWriteBlockstore::tell_observer(const FinishedCar& car,
                                        ByteView heads) const {
  if (observer_ == nullptr) return;
  const IndexRecords* records = nullptr;
  {
    const MutexLock lock(mutex_);
    records = &table_.records();
  }
  // From memory once more, and not while it was written: had that failed
  // half-way, the observer would have seen bytes that are not in the file.
  const Status told = records->encode(car.header.first_section - first_section_,
                                      [this](ByteView bytes) {
                                        observer_->appended(bytes);
                                        return ok_status();
                                      });
  static_cast<void>(told);  // Nothing in there fails.
  observer_->patched(kPragmaSize, heads);
}

Status ReadWriteBlockstore::discard() {
  state_ = State::kDiscarded;
  sections_.clear();
  {
    const MutexLock lock(mutex_);
    table_ = SectionTable();
    totals_ = {};
  }
  return file_->resize(0);
}

Result<Block> ReadWriteBlockstore::get(const Cid& cid) const {
  if (cid.is_identity()) {
    const ByteView inside = cid.multihash().digest;
    return std::make_shared<const Bytes>(inside.begin(), inside.end());
  }
  std::optional<Error> failure;
  for (const std::uint64_t offset : offsets_of(cid)) {
    auto block = read_block(cid, offset);
    if (block.ok() || block.error().code() != ErrorCode::kCorrupt) return block;
    if (!failure) failure = std::move(block).error();
  }
  if (failure) return *std::move(failure);
  return absent_block(cid);
}

Result<BlockLocation> ReadWriteBlockstore::locate(const Cid& cid) const {
  if (cid.is_identity()) {
    return invalid(fmt::format("block {} is inside its CID", cid.to_string()));
  }
  const SectionOffsets offsets = offsets_of(cid);
  if (offsets.empty()) return absent_block(cid);
  return DAGFS_TRY_CONTEXT(locate_at(offsets.front()), cid.to_string());
}

Result<BlockLocation> ReadWriteBlockstore::locate_at(
    std::uint64_t offset) const {
  const std::uint64_t end = sections_.end();
  if (offset < first_section_ || offset >= end) {
    return invalid(fmt::format("no section at {}, they are from {} to {}",
                               offset, first_section_, end));
  }
  constexpr std::size_t kUsualSize = 128;
  std::array<std::byte, kSectionHeadSizeMax> buffer;
  const auto read = [&](std::size_t wanted) -> Result<SectionHead> {
    const std::span<std::byte> bytes =
        std::span(buffer).first(std::min<std::uint64_t>(end - offset, wanted));
    DAGFS_TRY(sections_.read_at(offset, bytes));
    return parse_section_head(bytes, end - offset);
  };
  auto head = read(kUsualSize);
  if (!head.ok() && end - offset > kUsualSize) head = read(buffer.size());
  if (!head.ok()) {
    return std::move(head).error().context(
        fmt::format("section at {}", offset));
  }
  return BlockLocation{.offset = offset + head->size,
                       .size = head->block_size,
                       .head_size = static_cast<std::uint32_t>(head->size)};
}

Result<Block> ReadWriteBlockstore::read_block(const Cid& cid,
                                              std::uint64_t offset) const {
  const auto where = [&] {
    return fmt::format("block {} in the section at {}", cid.to_string(),
                       offset);
  };
  const BlockLocation location = DAGFS_TRY_CONTEXT(locate_at(offset), where());
  Bytes block(location.size);
  DAGFS_TRY_CONTEXT(sections_.read_at(location.offset, block), where());
  DAGFS_TRY_CONTEXT(verify_bytes(cid.multihash(), block), where());
  return std::make_shared<const Bytes>(std::move(block));
}

Status ReadWriteBlockstore::read_at(std::uint64_t offset,
                                    std::span<std::byte> out) const {
  return sections_.read_at(offset, out);
}

Result<bool> ReadWriteBlockstore::has(const Cid& cid) const {
  if (cid.is_identity()) return true;
  const auto found = DAGFS_TRY(find_section(cid));
  return found.has_value();
}

// Of the section with this very CID.
Result<std::optional<std::uint64_t>> ReadWriteBlockstore::find_section(
    const Cid& cid) const {
  std::array<std::byte, kSectionHeadSizeMax> buffer;
  for (const std::uint64_t offset : offsets_of(cid)) {
    const std::uint64_t size = std::min<std::uint64_t>(
        kVarintSizeMax + cid.bytes().size(), sections_.end() - offset);
    const std::span<std::byte> bytes = std::span(buffer).first(size);
    DAGFS_TRY(sections_.read_at(offset, bytes));
    ByteView rest = bytes;
    DAGFS_TRY(read_varint(&rest));
    // No CID is the beginning of another one, as each says its length.
    if (as_text(rest).starts_with(as_text(cid.bytes()))) {
      return std::optional(offset);
    }
  }
  return std::optional<std::uint64_t>();
}

SectionOffsets ReadWriteBlockstore::offsets_of(const Cid& cid) const {
  const MutexLock lock(mutex_);
  return table_.find(cid.multihash());
}

std::uint64_t ReadWriteBlockstore::block_count() const {
  const MutexLock lock(mutex_);
  return totals_.block_count;
}

std::uint64_t ReadWriteBlockstore::block_bytes() const {
  const MutexLock lock(mutex_);
  return totals_.block_bytes;
}

std::uint64_t ReadWriteBlockstore::end() const { return sections_.end(); }

}  // namespace dagfs::car
