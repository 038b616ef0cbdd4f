// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <array>
#include <cstddef>
#include <streambuf>

namespace dagfs::tools {

// The buffer of an output stream over a descriptor, which remembers why
// writing failed: std::cout only knows that it did.
class FdOutput final : public std::streambuf {
 public:
  explicit FdOutput(int fd);
  FdOutput(const FdOutput&) = delete;
  FdOutput& operator=(const FdOutput&) = delete;
  ~FdOutput() override;

  // errno of the first write that failed; 0 while all went well.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  bool flush();
  bool write_all(const char* text, std::size_t size);

  int fd_;
  int error_ = 0;
  std::array<char, std::size_t{64} << 10> buffer_;
};

}  // namespace dagfs::tools
