// SPDX-License-Identifier: Apache-2.0 OR MIT

// RLE+: sets of numbers as runs. docs/formats/sector.md has the bits.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::mount {

// Numbers of a set that follow each other.
struct NumberRun {
  std::uint64_t first = 0;
  std::uint64_t count = 0;

  friend bool operator==(const NumberRun&, const NumberRun&) = default;
};

// Goes through a set from its smallest number on. Memory does not grow with the
// set. One thread at a time.
class RlePlusReader {
 public:
  // `encoded` must outlive the reader. kCorrupt: another version than 0, or
  // zero bytes at the end, which nobody may write.
  static Result<RlePlusReader> open(ByteView encoded);

  // The next run; each begins behind the one before. nullopt: there is no more.
  // kCorrupt: a length that is not minimal, or numbers that 64 bits do not
  // hold; no further call may follow.
  Result<std::optional<NumberRun>> next();

 private:
  explicit RlePlusReader(ByteView encoded) : encoded_(encoded) {}

  std::uint64_t take_bits(unsigned count);
  Result<std::uint64_t> take_length();
  Result<std::uint64_t> take_varint();

  ByteView encoded_;
  std::size_t bit_ = 0;  // The next one; behind the last one all are 0.
  bool value_ = false;   // Whether the next run is of the set.
  std::uint64_t position_ = 0;
};

}  // namespace dagfs::mount
