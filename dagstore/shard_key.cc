// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_key.h"

#include <fmt/core.h>

#include <charconv>

namespace dagfs::dagstore {
namespace {

// As the path in a mount has it. No key that is registered holds a slash.
constexpr std::string_view kSegmentInfix = "/segments/";

}  // namespace

Result<ShardKey> ShardKey::parse(std::string_view text) {
  if (text.empty()) {
    return Error(ErrorCode::kInvalidArgument, "a shard key cannot be empty");
  }
  if (text.size() > kShardKeySizeMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("shard key of {} bytes: at most {} are allowed",
                             text.size(), kShardKeySizeMax));
  }
  if (text == "." || text == "..") {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" cannot be a shard key", text));
  }
  if (text.find('/') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("shard key \"{}\": '/' is not allowed", text));
  }
  if (text.find('\0') != std::string_view::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "a shard key cannot hold a NUL byte");
  }
  return ShardKey(std::string(text));
}

ShardKey ShardKey::of_segment(const ShardKey& aggregate, std::uint64_t number) {
  return ShardKey(
      fmt::format("{}{}{}", aggregate.text(), kSegmentInfix, number));
}

Result<ShardKey> ShardKey::from_stored(std::string_view text) {
  const std::size_t infix = text.find(kSegmentInfix);
  if (infix == std::string_view::npos) return parse(text);
  const ShardKey aggregate = DAGFS_TRY(parse(text.substr(0, infix)));
  const std::string_view digits = text.substr(infix + kSegmentInfix.size());
  std::uint64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, number);
  if (failure != std::errc() || stop != end) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("shard key \"{}\": expected a number of a segment", text));
  }
  return of_segment(aggregate, number);
}

std::optional<ShardKey::Segment> ShardKey::as_segment() const {
  const std::size_t infix = text_.find(kSegmentInfix);
  if (infix == std::string::npos) return std::nullopt;
  std::uint64_t number = 0;
  std::from_chars(text_.data() + infix + kSegmentInfix.size(),
                  text_.data() + text_.size(), number);
  return Segment{.aggregate = ShardKey(text_.substr(0, infix)),
                 .number = number};
}

}  // namespace dagfs::dagstore
