// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "car/base/file.h"

namespace dagfs::tests {

// Another file that counts what is read from it, and fails where told to.
class CountingFile final : public RandomAccessFile {
 public:
  explicit CountingFile(std::shared_ptr<const RandomAccessFile> file)
      : file_(std::move(file)) {}

  std::uint64_t size() const override { return file_->size(); }

  Result<std::size_t> read_some_at(std::uint64_t offset,
                                   std::span<std::byte> out) const override {
    ++reads_;
    bytes_ += out.size();
    const std::uint64_t bad = fails_at_;
    if (bad >= offset && bad < offset + out.size()) {
      return Error(ErrorCode::kIo, "the disk says no");
    }
    return file_->read_some_at(offset, out);
  }

  Result<FileStamp> stamp() const override { return file_->stamp(); }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t bytes() const { return bytes_; }
  void reset() { reads_ = bytes_ = 0; }

  // Reading the byte at `offset` is kIo from now on; kNowhere ends that.
  static constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  void fail_at(std::uint64_t offset) { fails_at_ = offset; }

 private:
  std::shared_ptr<const RandomAccessFile> file_;
  // Atomic, because tests read from several threads.
  mutable std::atomic<std::uint64_t> reads_ = 0;
  mutable std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> fails_at_ = kNowhere;
};

}  // namespace dagfs::tests
