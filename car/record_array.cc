// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/record_array.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "car/base/endian.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

constexpr std::size_t kFirstCapacity = std::size_t{64} << 10;

}  // namespace

RecordArray::~RecordArray() {
  if (records_ != nullptr) ::munmap(records_, capacity_);
}

RecordArray::RecordArray(RecordArray&& other) noexcept
    : width_(other.width_),
      records_(std::exchange(other.records_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

void RecordArray::put(ByteView digest, std::uint64_t position) {
  std::byte* to = records_ + size_;
  std::memcpy(to, digest.data(), digest.size());
  store_le(to + digest.size(), position);
  size_ += width_;
}

Status RecordArray::grow() {
  const std::size_t wanted = std::max(kFirstCapacity, capacity_ * 2);
  void* grown = records_ == nullptr
                    ? ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                    : ::mremap(records_, capacity_, wanted, MREMAP_MAYMOVE);
  if (grown == MAP_FAILED) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("no memory for {} bytes of index", wanted));
  }
  records_ = static_cast<std::byte*>(grown);
  capacity_ = wanted;
  return ok_status();
}

void RecordArray::sort() { sort_records({records_, size_}, width_); }

bool RecordArray::has_equal_digests() const {
  const std::size_t digest_size = width_ - kPositionSize;
  for (std::size_t at = width_; at < size_; at += width_) {
    const std::byte* record = records_ + at;
    if (std::memcmp(record - width_, record, digest_size) == 0) return true;
  }
  return false;
}

}  // namespace dagfs::car
