// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <memory>
#include <string>

#include "fs/node.h"

namespace dagfs::fs {

// Whether each open may give other bytes, so that the page cache must not be
// used.
enum class MadeUp : std::uint8_t { kOnce, kAtEachOpen };

// An open file whose bytes are a string.
class TextHandle final : public FileHandle {
 public:
  TextHandle(std::string text, MadeUp made_up)
      : text_(std::make_shared<const std::string>(std::move(text))),
        made_up_(made_up) {}

  Status read(ByteRange range, ReadBuffers* buffers) override;
  bool direct_io() const override { return made_up_ == MadeUp::kAtEachOpen; }

 private:
  std::shared_ptr<const std::string> text_;
  MadeUp made_up_;
};

}  // namespace dagfs::fs
