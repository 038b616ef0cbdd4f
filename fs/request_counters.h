// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a running mount has done, for .dagfs/ to show.

#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dagfs::fs {

enum class RequestKind : std::uint8_t {
  kLookup,
  kAttributes,
  kReadLink,
  kOpen,
  kRead,
  kOpenDirectory,
  kReadDirectory,
  kExtendedAttribute,
  kForget,
  kRelease,
  kWrite,  // Whatever would change something.
  kOther,
};
inline constexpr std::size_t kRequestKinds =
    static_cast<std::size_t>(RequestKind::kOther) + 1;

std::string_view to_string(RequestKind kind);

// Counts since the mount began. Single figures are exact; two read one after
// the other may be of different moments. Thread-safe.
class RequestCounters {
 public:
  using Count = std::atomic<std::uint64_t>;

  void count(RequestKind kind) { add(requests_[index(kind)]); }
  std::uint64_t requests(RequestKind kind) const {
    return requests_[index(kind)].load(std::memory_order_relaxed);
  }

  static void add(Count& count, std::uint64_t by = 1) {
    count.fetch_add(by, std::memory_order_relaxed);
  }

  Count bytes_read = 0;     // Sent in answers to reads; not passthrough.
  Count bytes_written = 0;  // Taken by files.
  Count errors = 0;         // Answered with an Error of a node.
  Count interrupted = 0;    // Answered with EINTR while they ran or waited.
  Count passthrough_opens = 0;
  Count running = 0;  // Now, in lanes.
  Count parked = 0;   // Now, waiting for their lane.
  Count threads = 0;  // Now, that answer requests.

 private:
  static std::size_t index(RequestKind kind) {
    return static_cast<std::size_t>(kind);
  }

  std::array<Count, kRequestKinds> requests_ = {};
};

}  // namespace dagfs::fs
