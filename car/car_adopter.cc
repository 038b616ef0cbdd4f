// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_adopter.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "car/base/file.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// A file of which `size` bytes are there by now: what is asked beyond them is
// noted and answered with kUnavailable.
class Arriving final : public RandomAccessFile {
 public:
  Arriving(const SectionScanner::ReadAt& read, std::uint64_t available)
      : read_(read), available_(available) {}

  std::uint64_t size() const override { return SectionScanner::kUnknown; }
  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    if (offset > available_ || out.size() > available_ - offset) {
      wanted_ = offset + out.size();
      return Error(ErrorCode::kUnavailable, "not there yet");
    }
    DAGFS_TRY(read_(offset, out));
    return out.size();
  }
  Result<FileStamp> stamp() const override { return FileStamp{}; }

  // The end of what was asked for and is not there; 0 where all was.
  std::uint64_t wanted() const { return wanted_; }

 private:
  const SectionScanner::ReadAt& read_;
  std::uint64_t available_;
  mutable std::uint64_t wanted_ = 0;
};

// Takes `text` from the front of `*input` if it is there.
bool take(ByteView* input, std::string_view text) {
  if (!as_text(*input).starts_with(text)) return false;
  *input = input->subspan(text.size());
  return true;
}

// The head of a CBOR item whose argument is in the next 0, 1, 2 or 4 bytes.
bool take_head(ByteView* input, unsigned major_type) {
  if (input->empty()) return false;
  const auto initial = std::to_integer<unsigned>(input->front());
  if (initial >> 5 != major_type) return false;
  const unsigned additional = initial & 31;
  if (additional > 26) return false;
  const std::size_t size =
      1 + (additional < 24 ? 0 : std::size_t{1} << (additional - 24));
  if (input->size() < size) return false;
  *input = input->subspan(size);
  return true;
}

// The beginning of a header that lists so many roots that it is too long to
// wait for. `bytes` has kSniffedHeaderSize of them.
bool begins_with_roots(ByteView bytes) {
  using namespace std::string_view_literals;
  constexpr unsigned kByteString = 2;
  constexpr unsigned kArray = 4;
  if (!take(&bytes, "\xa2"sv)) return false;
  take(&bytes, "\x67version\x01"sv);  // Some writers have it first.
  return take(&bytes, "\x65roots"sv) && take_head(&bytes, kArray) &&
         take(&bytes, "\xd8\x2a"sv) && take_head(&bytes, kByteString) &&
         take(&bytes, "\0"sv) && read_cid_view(&bytes).ok();
}

// Nothing in the first bytes of a header's map can be otherwise, so that a
// file of another kind is known by its first ten bytes or so.
bool may_begin_map(ByteView body) {
  using namespace std::string_view_literals;
  const auto agrees = [body](std::string_view text) {
    const std::size_t size = std::min(text.size(), body.size());
    return as_text(body.first(size)) == text.substr(0, size);
  };
  return agrees("\xa2\x65roots"sv) || agrees("\xa2\x67version\x01"sv);
}

CarSign sign_of_v1(ByteView bytes) {
  ByteView body = bytes;
  const auto size = read_varint(&body);
  if (!size.ok()) {
    const bool is_cut = bytes.size() < kVarintSizeMax &&
                        std::ranges::all_of(bytes, [](std::byte byte) {
                          return (byte & std::byte{0x80}) != std::byte{0};
                        });
    return is_cut ? CarSign::kNeedsMore : CarSign::kOther;
  }
  if (*size == 0 || *size > kHeaderSizeMax || !may_begin_map(body)) {
    return CarSign::kOther;
  }
  if (*size <= kSniffedHeaderSize) {
    if (body.size() < *size) return CarSign::kNeedsMore;
    const std::size_t varint_size = bytes.size() - body.size();
    const ByteView header = bytes.first(varint_size + *size);
    const MemoryFile file(Bytes(header.begin(), header.end()));
    return read_car_header(file).ok() ? CarSign::kCar : CarSign::kOther;
  }
  if (body.size() < kSniffedHeaderSize) return CarSign::kNeedsMore;
  return begins_with_roots(body) ? CarSign::kCar : CarSign::kOther;
}

}  // namespace

CarSign looks_like_car(ByteView bytes) {
  const std::size_t size = std::min(bytes.size(), kPragmaSize);
  if (as_text(bytes.first(size)) == kPragma.substr(0, size)) {
    return size == kPragmaSize ? CarSign::kCar : CarSign::kNeedsMore;
  }
  return sign_of_v1(bytes);
}

CarAdopter::CarAdopter(SectionScanner::ReadAt read) : read_(std::move(read)) {}

Status CarAdopter::advance(std::uint64_t size) {
  if (failure_) return *failure_;
  Status status = advance_to(size);
  if (!status.ok()) failure_ = status.error();
  return status;
}

Status CarAdopter::advance_to(std::uint64_t size) {
  if (!header_) DAGFS_TRY(read_header(size));
  if (!header_) return ok_status();
  const std::uint64_t payload_end =
      header_->v2 ? header_->payload.offset + header_->payload.size
                  : SectionScanner::kUnknown;
  return scanner_->advance(size, payload_end);
}

// Sets header_ if enough of the file is there. Tried again only when what was
// missing the last time has come, as a long header is read whole each time.
Status CarAdopter::read_header(std::uint64_t size) {
  if (size < header_wanted_) return ok_status();
  const Arriving file(read_, size);
  auto header = read_car_header(file);
  if (!header.ok()) {
    header_wanted_ = file.wanted();
    return header_wanted_ > 0 ? ok_status() : std::move(header).error();
  }
  header_ = std::move(header).value();
  scanner_.emplace(read_,
                   SectionScanner::Options{
                       .payload_offset = header_->payload.offset,
                       .position = header_->first_section,
                       .zero_section = ZeroSection::kEndsData,
                       .unverifiable = SectionScanner::Unverifiable::kPasses},
                   [this](const Section& section, const Status& verdict) {
                     return note(section, verdict);
                   });
  return ok_status();
}

Status CarAdopter::note(const Section& section, const Status& verdict) {
  DAGFS_TRY(records_.add(section.cid.multihash, section.position));
  ++adopted_.summary.section_count;
  adopted_.summary.block_bytes += section.block.size;
  if (verdict.ok()) return ok_status();
  if (adopted_.unverifiable_count++ == 0) {
    adopted_.first_unverifiable =
        fmt::format("block {} at {}: {}", section.cid.to_cid().to_string(),
                    section.block.offset, verdict.error().message());
  }
  return ok_status();
}

Result<CarAdopter::Adopted> CarAdopter::finish(std::uint64_t size) {
  DAGFS_TRY(advance(size));
  if (!header_) {
    failure_ = Error(
        ErrorCode::kCorrupt,
        fmt::format("the file ends at {}, inside the CAR's header", size));
    return *failure_;
  }
  if (!header_->v2) header_->payload.size = size;
  const std::uint64_t payload_end =
      header_->payload.offset + header_->payload.size;
  if (payload_end > size) {
    failure_ = Error(ErrorCode::kCorrupt,
                     fmt::format("the file ends at {}, its payload at {}", size,
                                 payload_end));
    return *failure_;
  }
  if (Status last = scanner_->advance(size, payload_end); !last.ok()) {
    failure_ = std::move(last).error();
    return *failure_;
  }
  records_.sort();
  adopted_.header = *header_;
  adopted_.summary.data_end = scanner_->position();
  adopted_.summary.index_size = records_.encoded_size();
  adopted_.summary.has_duplicates = records_.has_duplicates();
  return adopted_;
}

Status CarAdopter::write_index(int fd) const {
  const auto write = [fd](ByteView bytes) { return write_all(fd, bytes); };
  return DAGFS_TRY_CONTEXT(records_.encode(0, write), "write index");
}

}  // namespace dagfs::car
