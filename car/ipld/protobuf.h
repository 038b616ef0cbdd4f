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

// Reads one field from the front of `*input` and moves it past. Varints may be
// longer than they need be, as every protobuf reader takes them, but hold 64
// bits at most.
//
// kCorrupt: cut short, field number 0 or beyond 2^29 - 1, another wire type,
// or a varint too long. `*input` is then unspecified.
Result<ProtobufField> read_protobuf_field(ByteView* input);

// A varint of up to 64 bits without the strictness of read_varint. kCorrupt as
// above.
Result<std::uint64_t> read_protobuf_varint(ByteView* input);

void append_protobuf_varint(std::uint32_t number, std::uint64_t value,
                            Bytes* out);
void append_protobuf_bytes(std::uint32_t number, ByteView bytes, Bytes* out);

}  // namespace dagfs::car
