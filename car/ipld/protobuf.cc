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

}  // namespace

bool ProtobufReader::long_varint(std::uint64_t* value) {
  const std::size_t limit = std::min(rest_.size(), kLongVarintSizeMax);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < limit; ++i) {
    const auto byte = std::to_integer<std::uint64_t>(rest_[i]);
    sum |= (byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (i + 1 == kLongVarintSizeMax && byte > 1) break;
    *value = sum;
    rest_ = rest_.subspan(i + 1);
    return true;
  }
  fault_ = limit < kLongVarintSizeMax ? "varint is cut short"
                                      : "varint is longer than 64 bits";
  return false;
}

bool ProtobufReader::take(std::uint64_t size, ByteView* bytes) {
  if (size > rest_.size()) {
    fault_ = "field runs past the end of its message";
    return false;
  }
  *bytes = rest_.first(size);
  rest_ = rest_.subspan(size);
  return true;
}

bool ProtobufReader::next(ProtobufField* field) {
  if (rest_.empty() || fault_ != nullptr) return false;
  std::uint64_t tag = 0;
  if (!varint(&tag)) return false;
  if (tag >> 3 == 0 || tag >> 3 > kFieldNumberMax) {
    fault_ = "field number is out of range";
    return false;
  }
  field->number = static_cast<std::uint32_t>(tag >> 3);
  field->type = static_cast<WireType>(tag & 7);
  field->value = 0;
  switch (field->type) {
    case WireType::kVarint: return varint(&field->value);
    case WireType::kBytes: {
      std::uint64_t size = 0;
      return varint(&size) && take(size, &field->bytes);
    }
    case WireType::kFixed64: {
      ByteView bits;
      if (!take(8, &bits)) return false;
      field->value = load_le<std::uint64_t>(bits.data());
      return true;
    }
    case WireType::kFixed32: {
      ByteView bits;
      if (!take(4, &bits)) return false;
      field->value = load_le<std::uint32_t>(bits.data());
      return true;
    }
  }
  fault_ = "wire type is a group or not known";
  return false;
}

Status ProtobufReader::status() const {
  if (fault_ == nullptr) return ok_status();
  return Error(ErrorCode::kCorrupt, fmt::format("protobuf {}", fault_));
}

Result<ProtobufField> read_protobuf_field(ByteView* input) {
  ProtobufReader reader(*input);
  ProtobufField field;
  if (!reader.next(&field)) {
    DAGFS_TRY(reader.status());
    return Error(ErrorCode::kCorrupt, "protobuf message ends before a field");
  }
  *input = reader.rest();
  return field;
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
