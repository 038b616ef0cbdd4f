// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a request is, before libfuse has decoded it.

#pragma once

#include <linux/fuse.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "car/base/bytes.h"
#include "fs/request_counters.h"

namespace dagfs::fs {

// The header every request begins with; zeros where `request` is too short.
inline fuse_in_header request_header(ByteView request) {
  fuse_in_header header = {};
  if (request.size() < sizeof(header)) return header;
  std::memcpy(&header, request.data(), sizeof(header));
  return header;
}

// The number of the request that an INTERRUPT is about; 0 where it is too
// short.
inline std::uint64_t interrupted_request(ByteView request) {
  fuse_interrupt_in body = {};
  if (request.size() < sizeof(fuse_in_header) + sizeof(body)) return 0;
  std::memcpy(&body, request.data() + sizeof(fuse_in_header), sizeof(body));
  return body.unique;
}

RequestKind kind_of(std::uint32_t opcode);

// Whether a thread of this process that asks this of its own mount may wait for
// itself. What ends an interest in something never does.
bool may_wait_for_itself(const fuse_in_header& header);

}  // namespace dagfs::fs
