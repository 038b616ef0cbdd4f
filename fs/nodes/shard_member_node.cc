// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shard_member_node.h"

#include "fs/nodes/attribute_names.h"

namespace dagfs::fs {

std::vector<std::string> ShardMemberNode::attribute_names() const {
  std::vector<std::string> names = {std::string(kShardAttribute)};
  const auto known = info();
  if (!known.ok()) return names;
  names.emplace_back(kStateAttribute);
  if (!known->error.empty()) names.emplace_back(kErrorAttribute);
  return names;
}

Result<std::optional<std::string>> ShardMemberNode::attribute(
    std::string_view name) const {
  using Answer = std::optional<std::string>;
  if (name == kShardAttribute) return Answer(shard_->key.text());
  if (name != kStateAttribute && name != kErrorAttribute) return Answer();
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  if (name == kStateAttribute) {
    return Answer(std::string(dagstore::to_string(known.state)));
  }
  if (known.error.empty()) return Answer();
  return Answer(known.error);
}

Result<dagstore::ShardInfo> ShardMemberNode::info() const {
  auto known = store().info(shard_->key);
  if (known.ok() || known.error().code() != ErrorCode::kNotFound) return known;
  return Error(ErrorCode::kStale, known.error().message());
}

timespec to_timespec(std::chrono::system_clock::time_point time) {
  using std::chrono::nanoseconds;
  return to_timespec(
      std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count());
}

timespec to_timespec(std::int64_t nanoseconds_since_epoch) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t seconds = nanoseconds_since_epoch / kSecond;
  std::int64_t rest = nanoseconds_since_epoch % kSecond;
  if (rest < 0) {
    --seconds;
    rest += kSecond;
  }
  return {.tv_sec = seconds, .tv_nsec = rest};
}

}  // namespace dagfs::fs
