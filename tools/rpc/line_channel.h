// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::tools {

// Lines over a connected stream socket, those read of bounded length. One
// thread reads and one writes at a time; shutdown() of the descriptor by
// another ends both.
class LineChannel {
 public:
  LineChannel(UniqueFd socket, std::size_t line_size_max)
      : socket_(std::move(socket)), line_size_max_(line_size_max) {}

  // The next line without its newline, or nullopt where the other side ended
  // after a whole one. kCorrupt: it ended inside a line, or the line is longer
  // than the limit; nothing more can be read then. kIo.
  Result<std::optional<std::string>> read_line();

  // Writes `line` and a newline. kUnavailable: the other side has gone, or did
  // not take it within the time set. kIo.
  Status write_line(std::string_view line);

  // How long one write may wait for a reader that does not read.
  Status set_write_timeout(std::chrono::seconds timeout);

  int fd() const { return socket_.get(); }

 private:
  UniqueFd socket_;
  std::size_t line_size_max_;
  std::string pending_;       // Read, not yet handed out.
  std::size_t searched_ = 0;  // Of pending_, known to hold no newline.
};

}  // namespace dagfs::tools
