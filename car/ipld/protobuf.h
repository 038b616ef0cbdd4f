// SPDX-License-Identifier: Apache-2.0 OR MIT

// The wire format of protocol buffers, one field at a time: dag-pb and UnixFS
// are too small to want a schema compiler, and stricter than one would be.
// https://protobuf.dev/programming-guides/encoding/

#pragma once

#include <cstdint>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::car {

enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kFixed32 = 5,
};

struct ProtobufField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;  // Unless kBytes: the bits, of either width.
  ByteView bytes;           // kBytes: a view into the input.
};

// Walks the fields of one message. Errors are kept rather than returned at each
// step: a directory of 100,000 links is half a million fields, and a Result for
// each would cost more than reading it.
class ProtobufReader {
 public:
  explicit ProtobufReader(ByteView message) : rest_(message) {}

  // Reads the next field. False at the end of the message and at damage, after
  // which only status() tells which it was. Varints may be longer than they
  // need be, as every protobuf reader takes them, but hold 64 bits at most.
  bool next(ProtobufField* field);

  // kCorrupt: cut short, field number 0 or beyond 2^29 - 1, another wire type,
  // or a varint too long. Fine before that and at the end.
  Status status() const;

  // What has not been read yet.
  ByteView rest() const { return rest_; }

 private:
  bool varint(std::uint64_t* value) {
    // Tags and nearly all lengths are one byte.
    if (rest_.empty() || (rest_.front() & std::byte{0x80}) != std::byte{0}) {
      return long_varint(value);
    }
    *value = std::to_integer<std::uint64_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return true;
  }
  bool long_varint(std::uint64_t* value);
  bool take(std::uint64_t size, ByteView* bytes);

  ByteView rest_;
  const char* fault_ = nullptr;
};

// One field from the front of `*input`, moved past; unspecified on failure.
// Errors as ProtobufReader::status, and kCorrupt where nothing is left.
Result<ProtobufField> read_protobuf_field(ByteView* input);

void append_protobuf_varint(std::uint32_t number, std::uint64_t value,
                            Bytes* out);
void append_protobuf_bytes(std::uint32_t number, ByteView bytes, Bytes* out);

}  // namespace dagfs::car
