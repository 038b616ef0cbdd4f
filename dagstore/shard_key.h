// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <compare>
#include <cstdint>
#include <optional>
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

  // Of a segment inside the aggregate piece `aggregate`, from its own number.
  // parse() gives no such key: nobody registers one.
  static ShardKey of_segment(const ShardKey& aggregate, std::uint64_t number);

  // The text() of any key. kInvalidArgument.
  static Result<ShardKey> from_stored(std::string_view text);

  const std::string& text() const { return text_; }

  // What of_segment() was given; nullopt for all other keys.
  struct Segment;
  std::optional<Segment> as_segment() const;

  friend auto operator<=>(const ShardKey&, const ShardKey&) = default;

 private:
  explicit ShardKey(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

struct ShardKey::Segment {
  ShardKey aggregate;
  std::uint64_t number = 0;
};

}  // namespace dagfs::dagstore
