// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/fd_output.h"

#include <unistd.h>

#include <cerrno>

namespace dagfs::tools {

FdOutput::FdOutput(int fd) : fd_(fd) {
  setp(buffer_.data(), buffer_.data() + buffer_.size());
}

FdOutput::~FdOutput() { flush(); }

FdOutput::int_type FdOutput::overflow(int_type character) {
  if (!flush()) return traits_type::eof();
  if (!traits_type::eq_int_type(character, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(character);
    pbump(1);
  }
  return traits_type::not_eof(character);
}

// What is larger than the buffer goes past it.
std::streamsize FdOutput::xsputn(const char* text, std::streamsize size) {
  if (size <= epptr() - pptr()) return std::streambuf::xsputn(text, size);
  if (!flush()) return 0;
  return write_all(text, static_cast<std::size_t>(size)) ? size : 0;
}

int FdOutput::sync() { return flush() ? 0 : -1; }

bool FdOutput::flush() {
  const auto size = static_cast<std::size_t>(pptr() - pbase());
  setp(buffer_.data(), buffer_.data() + buffer_.size());
  return write_all(buffer_.data(), size);
}

bool FdOutput::write_all(const char* text, std::size_t size) {
  while (size > 0 && error_ == 0) {
    const ssize_t count = ::write(fd_, text, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      error_ = errno;
    } else {
      text += count;
      size -= static_cast<std::size_t>(count);
    }
  }
  return error_ == 0;
}

}  // namespace dagfs::tools
