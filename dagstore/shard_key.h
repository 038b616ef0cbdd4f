// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::dagstore {

// File names have 255 bytes; this leaves room for what is put behind the key in
// names of our own (".idx.tmp").
inline constexpr std::size_t kShardKeySizeMax = 200;

// The name of a shard, normally its piece CID: 1 to 200 bytes, no '/', no NUL,
// not "." or "..", so that it is a file name everywhere.
class ShardKey {
 public:
  // kInvalidArgument says which rule `text` breaks.
  static Result<ShardKey> parse(std::string_view text);

  const std::string& text() const { return text_; }

  friend auto operator<=>(const ShardKey&, const ShardKey&) = default;

 private:
  explicit ShardKey(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace dagfs::dagstore
