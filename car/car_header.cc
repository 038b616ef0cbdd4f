// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_header.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/base/checked.h"
#include "car/base/endian.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

constexpr std::uint64_t kPayloadOffsetMin = kPragmaSize + kCarV2HeaderSize;

// The kinds of CBOR item that a header is made of (RFC 8949, section 3.1).
enum class MajorType : unsigned {
  kUnsigned = 0,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
};

constexpr std::uint64_t kLinkTag = 42;

Error wrong_header(std::string message) {
  return Error(ErrorCode::kCorrupt, std::move(message));
}

// Reads the head of an item that must be of `type` and gives its argument: a
// value, length or count. DAG-CBOR has no indefinite lengths and allows only
// the shortest form of each number.
Result<std::uint64_t> read_head(ByteView* input, MajorType type,
                                std::string_view what) {
  if (input->empty()) return wrong_header(fmt::format("ends before {}", what));
  const auto initial = std::to_integer<unsigned>(input->front());
  if (initial >> 5 != static_cast<unsigned>(type)) {
    return wrong_header(
        fmt::format("expected {}, found byte {:#04x}", what, initial));
  }
  const unsigned additional = initial & 31;
  if (additional < 24) {
    *input = input->subspan(1);
    return additional;
  }
  if (additional > 27) {
    return wrong_header(fmt::format("{} has no definite length", what));
  }

  const std::size_t size = std::size_t{1} << (additional - 24);
  if (input->size() < 1 + size) {
    return wrong_header(fmt::format("ends inside {}", what));
  }
  std::uint64_t value = 0;
  for (std::size_t i = 1; i <= size; ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>((*input)[i]);
  }
  const std::uint64_t smallest =
      size == 1 ? 24 : std::uint64_t{1} << (4 * size);
  if (value < smallest) {
    return wrong_header(fmt::format("{} is not in its shortest form", what));
  }
  *input = input->subspan(1 + size);
  return value;
}

Result<ByteView> read_string(ByteView* input, MajorType type,
                             std::string_view what) {
  const std::uint64_t size = DAGFS_TRY(read_head(input, type, what));
  if (size > input->size()) {
    return wrong_header(
        fmt::format("{} of {} bytes, {} are left", what, size, input->size()));
  }
  const ByteView bytes = input->first(size);
  *input = input->subspan(size);
  return bytes;
}

Result<Cid> read_link(ByteView* input) {
  const std::uint64_t tag =
      DAGFS_TRY(read_head(input, MajorType::kTag, "a link"));
  if (tag != kLinkTag)
    return wrong_header(fmt::format("a root has tag {}", tag));
  const ByteView bytes =
      DAGFS_TRY(read_string(input, MajorType::kBytes, "a link's bytes"));
  // The zero is the multibase prefix of binary, there for history's sake.
  if (bytes.empty() || bytes.front() != std::byte{0}) {
    return wrong_header("a link does not begin with 0");
  }
  return DAGFS_TRY_CONTEXT(Cid::from_bytes(bytes.subspan(1)), "root");
}

Result<std::vector<Cid>> read_roots(ByteView* input) {
  const std::uint64_t count =
      DAGFS_TRY(read_head(input, MajorType::kArray, "an array of roots"));
  if (count > kRootCountMax) {
    return wrong_header(
        fmt::format("{} roots, at most {} are read", count, kRootCountMax));
  }
  std::vector<Cid> roots;
  for (std::uint64_t i = 0; i < count; ++i) {
    roots.push_back(DAGFS_TRY(read_link(input)));
  }
  return roots;
}

struct HeaderMap {
  std::optional<std::uint64_t> version;
  std::optional<std::vector<Cid>> roots;
};

// Keys may come in any order: writers that sort them otherwise than DAG-CBOR
// does exist.
Result<HeaderMap> read_map(ByteView input) {
  HeaderMap map;
  const std::uint64_t count =
      DAGFS_TRY(read_head(&input, MajorType::kMap, "a map"));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view key =
        as_text(DAGFS_TRY(read_string(&input, MajorType::kText, "a key")));
    if (key == "version" && !map.version) {
      map.version =
          DAGFS_TRY(read_head(&input, MajorType::kUnsigned, "a version"));
    } else if (key == "roots" && !map.roots) {
      map.roots = DAGFS_TRY(read_roots(&input));
    } else {
      return wrong_header(
          fmt::format("key {} is unknown or repeated", to_hex(as_bytes(key))));
    }
  }
  if (!input.empty()) {
    return wrong_header(fmt::format("{} bytes follow the map", input.size()));
  }
  return map;
}

Result<std::vector<Cid>> check_map(HeaderMap map) {
  if (!map.version) return wrong_header("no version");
  if (*map.version != 1) {
    return wrong_header(fmt::format("version {}, expected 1", *map.version));
  }
  if (!map.roots) return wrong_header("no roots");
  return *std::move(map.roots);
}

// Fills roots, payload and first_section from the CARv1 in `payload`.
Status read_payload_header(const RandomAccessFile& file, ByteRange payload,
                           CarHeader* header) {
  const std::string where = fmt::format("CAR header at {}", payload.offset);
  std::array<std::byte, kVarintSizeMax> start = {};
  const std::size_t start_size =
      std::min<std::uint64_t>(start.size(), payload.size);
  DAGFS_TRY_CONTEXT(
      file.read_at(payload.offset, std::span(start).first(start_size)), where);
  ByteView rest = ByteView(start).first(start_size);
  const std::uint64_t size = DAGFS_TRY_CONTEXT(read_varint(&rest), where);
  const std::uint64_t varint_size = start_size - rest.size();
  if (size == 0) return wrong_header(where + ": its length is 0");
  if (size > kHeaderSizeMax) {
    return wrong_header(fmt::format("{}: its length {} is more than {}", where,
                                    size, kHeaderSizeMax));
  }
  if (size > payload.size - varint_size) {
    return wrong_header(fmt::format("{}: its length {} runs past the end at {}",
                                    where, size,
                                    payload.offset + payload.size));
  }

  Bytes body(size);
  DAGFS_TRY_CONTEXT(file.read_at(payload.offset + varint_size, body), where);
  HeaderMap map = DAGFS_TRY_CONTEXT(read_map(body), where);
  header->roots = DAGFS_TRY_CONTEXT(check_map(std::move(map)), where);
  header->payload = payload;
  header->first_section = varint_size + size;
  return ok_status();
}

Result<CarV2Header> read_v2_header(const RandomAccessFile& file) {
  std::array<std::byte, kCarV2HeaderSize> bytes = {};
  DAGFS_TRY_CONTEXT(file.read_at(kPragmaSize, bytes), "CARv2 header at 11");
  if (std::ranges::all_of(bytes,
                          [](std::byte b) { return b == std::byte{}; })) {
    return wrong_header(
        "CARv2 header at 11 is still zero: the CAR was never finished");
  }

  CarV2Header header;
  std::copy_n(bytes.begin(), header.characteristics.size(),
              header.characteristics.begin());
  header.payload.offset = load_le<std::uint64_t>(bytes.data() + 16);
  header.payload.size = load_le<std::uint64_t>(bytes.data() + 24);
  header.index_offset = load_le<std::uint64_t>(bytes.data() + 32);
  // A payload said to begin inside the header would have us read our own
  // header as the first section.
  if (header.payload.offset < kPayloadOffsetMin) {
    return wrong_header(
        fmt::format("CARv2 header at 11: payload at {}, inside the {} bytes "
                    "of the header",
                    header.payload.offset, kPayloadOffsetMin));
  }
  if (header.payload.size == 0) {
    return wrong_header(
        "CARv2 header at 11: payload of 0 bytes, the CAR was never finished");
  }
  const auto end = checked_add(header.payload.offset, header.payload.size);
  if (!end || *end > file.size()) {
    return wrong_header(fmt::format(
        "CARv2 header at 11: payload of {} bytes at {} runs past the file's "
        "end at {}",
        header.payload.size, header.payload.offset, file.size()));
  }
  return header;
}

void append_head(MajorType type, std::uint64_t value, Bytes* out) {
  const auto append = [out](std::uint64_t byte) {
    out->push_back(static_cast<std::byte>(byte));
  };
  const std::uint64_t high = std::uint64_t{static_cast<unsigned>(type)} << 5;
  if (value < 24) return append(high | value);
  unsigned log_size = 0;
  while (log_size < 3 && value >> (8u << log_size) != 0) ++log_size;
  append(high | (24 + log_size));
  for (unsigned bits = 8u << log_size; bits > 0; bits -= 8) {
    append(value >> (bits - 8) & 0xff);
  }
}

void append_bytes(ByteView bytes, Bytes* out) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

void append_text(std::string_view text, Bytes* out) {
  append_head(MajorType::kText, text.size(), out);
  append_bytes(as_bytes(text), out);
}

}  // namespace

bool CarV2Header::fully_indexed() const {
  return (characteristics.front() & std::byte{0x80}) != std::byte{};
}

Result<CarHeader> read_car_header(const RandomAccessFile& file) {
  CarHeader header;
  std::array<std::byte, kPragmaSize> start = {};
  const std::size_t start_size =
      std::min<std::uint64_t>(start.size(), file.size());
  if (start_size == 0) return wrong_header("the file is empty, not a CAR");
  DAGFS_TRY(file.read_at(0, std::span(start).first(start_size)));
  if (as_text(start) != kPragma) {
    DAGFS_TRY(read_payload_header(file, {0, file.size()}, &header));
    return header;
  }

  header.version = 2;
  header.v2 = DAGFS_TRY(read_v2_header(file));
  DAGFS_TRY(read_payload_header(file, header.v2->payload, &header));
  return header;
}

Bytes encode_car_header(const std::vector<Cid>& roots) {
  Bytes body;
  append_head(MajorType::kMap, 2, &body);
  append_text("roots", &body);
  append_head(MajorType::kArray, roots.size(), &body);
  for (const Cid& root : roots) {
    append_head(MajorType::kTag, kLinkTag, &body);
    append_head(MajorType::kBytes, root.bytes().size() + 1, &body);
    body.push_back(std::byte{0});
    append_bytes(root.bytes(), &body);
  }
  append_text("version", &body);
  append_head(MajorType::kUnsigned, 1, &body);

  Bytes out;
  append_varint(body.size(), &out);
  append_bytes(body, &out);
  return out;
}

}  // namespace dagfs::car
