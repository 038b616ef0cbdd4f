// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace dagfs::car {

// Memory for the bytes of one block after the other. Unlike a vector it neither
// keeps nor clears what was in it. One thread at a time.
class ScratchBuffer {
 public:
  // Valid until the next call of either function.
  std::span<std::byte> take(std::size_t size) {
    if (size > capacity_) {
      bytes_ = nullptr;  // First, so that both are never held at once.
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(size);
      capacity_ = size;
    }
    return {bytes_.get(), size};
  }

  // Gives back what an uncommonly large block needed.
  void trim(std::size_t capacity_max) {
    if (capacity_ <= capacity_max) return;
    bytes_ = nullptr;
    capacity_ = 0;
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace dagfs::car
