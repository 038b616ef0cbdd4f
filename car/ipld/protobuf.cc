// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/protobuf.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/base/endian.h"
#include "car/ipld/varint.h"

namespace dagfs::car {
namespace {

// Ten groups of seven bits hold 64, the last group one of them.
constexpr std::size_t kLongVarintSizeMax = 10;
constexpr std::uint64_t kFieldNumberMax = (1u << 29) - 1;

Error cut_short(std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("protobuf {} is cut short", what));
}

Result<ByteView> take(std::uint64_t size, ByteView* input) {
  if (size > input->size()) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("protobuf field of {} bytes, {} are left", size,
                             input->size()));
  }
  const ByteView taken = input->first(size);
  *input = input->subspan(size);
  return taken;
}

}  // namespace

Result<std::uint64_t> read_protobuf_varint(ByteView* input) {
  const std::size_t limit = std::min(input->size(), kLongVarintSizeMax);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < limit; ++i) {
    const auto byte = std::to_integer<std::uint64_t>((*input)[i]);
    value |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (i + 1 == kLongVarintSizeMax && byte > 1) break;
    *input = input->subspan(i + 1);
    return value;
  }
  if (limit < kLongVarintSizeMax) return cut_short("varint");
  return Error(ErrorCode::kCorrupt, "protobuf varint is longer than 64 bits");
}

Result<ProtobufField> read_protobuf_field(ByteView* input) {
  const std::uint64_t tag = DAGFS_TRY(read_protobuf_varint(input));
  if (tag >> 3 == 0 || tag >> 3 > kFieldNumberMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("protobuf field number {}", tag >> 3));
  }
  ProtobufField field;
  field.number = static_cast<std::uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  switch (field.type) {
    case WireType::kVarint:
      field.value = DAGFS_TRY(read_protobuf_varint(input));
      return field;
    case WireType::kBytes: {
      const std::uint64_t size = DAGFS_TRY(read_protobuf_varint(input));
      field.bytes = DAGFS_TRY(take(size, input));
      return field;
    }
    case WireType::kFixed64: {
      const ByteView bytes = DAGFS_TRY(take(8, input));
      field.value = load_le<std::uint64_t>(bytes.data());
      return field;
    }
    case WireType::kFixed32: {
      const ByteView bytes = DAGFS_TRY(take(4, input));
      field.value = load_le<std::uint32_t>(bytes.data());
      return field;
    }
  }
  return Error(
      ErrorCode::kCorrupt,
      fmt::format("protobuf wire type {} in field {}", tag & 7, field.number));
}

void append_protobuf_varint(std::uint32_t number, std::uint64_t value,
                            Bytes* out) {
  append_varint(std::uint64_t{number} << 3, out);
  append_varint(value, out);
}

void append_protobuf_bytes(std::uint32_t number, ByteView bytes, Bytes* out) {
  const auto type = static_cast<std::uint64_t>(WireType::kBytes);
  append_varint(std::uint64_t{number} << 3 | type, out);
  append_varint(bytes.size(), out);
  out->insert(out->end(), bytes.begin(), bytes.end());
}

}  // namespace dagfs::car
