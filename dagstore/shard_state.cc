// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_state.h"

#include <fmt/core.h>

#include <optional>

namespace dagfs::dagstore {
namespace {

std::string_view name_of(ShardEvent event) {
  switch (event) {
    case ShardEvent::kInitialize: return "initialize";
    case ShardEvent::kRecover: return "recover";
    case ShardEvent::kIndexed: return "indexed";
    case ShardEvent::kFailed: return "failed";
    case ShardEvent::kAcquired: return "acquired";
    case ShardEvent::kReleased: return "released";
  }
  return "unknown";
}

std::optional<ShardState> find_next(ShardState state, ShardEvent event) {
  using enum ShardState;
  switch (event) {
    case ShardEvent::kInitialize:
      if (state == kNew) return kInitializing;
      break;
    case ShardEvent::kRecover:
      if (state == kAvailable || state == kServing || state == kErrored) {
        return kRecovering;
      }
      break;
    case ShardEvent::kIndexed:
      if (state == kInitializing || state == kRecovering) return kAvailable;
      break;
    case ShardEvent::kFailed:
      if (state == kInitializing || state == kRecovering) return kErrored;
      break;
    case ShardEvent::kAcquired:
      if (state == kAvailable) return kServing;
      break;
    case ShardEvent::kReleased:
      if (state == kServing) return kAvailable;
      if (state == kRecovering || state == kErrored) return state;
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ShardState state) {
  switch (state) {
    case ShardState::kNew: return "ShardStateNew";
    case ShardState::kInitializing: return "ShardStateInitializing";
    case ShardState::kAvailable: return "ShardStateAvailable";
    case ShardState::kServing: return "ShardStateServing";
    case ShardState::kRecovering: return "ShardStateRecovering";
    case ShardState::kErrored: return "ShardStateErrored";
  }
  return "ShardStateUnknown";
}

Result<ShardState> shard_state_from_number(std::uint64_t number) {
  using enum ShardState;
  for (const ShardState state :
       {kNew, kInitializing, kAvailable, kServing, kRecovering, kErrored}) {
    if (number == static_cast<std::uint64_t>(state)) return state;
  }
  return Error(ErrorCode::kCorrupt,
               fmt::format("no state has the number {}", number));
}

Result<ShardState> next(ShardState state, ShardEvent event) {
  const std::optional<ShardState> to = find_next(state, event);
  if (to.has_value()) return *to;
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("event \"{}\" cannot happen in {}", name_of(event),
                           to_string(state)));
}

ShardState state_at_rest(ShardState state) {
  switch (state) {
    case ShardState::kNew:
    case ShardState::kInitializing: return ShardState::kNew;
    case ShardState::kAvailable:
    case ShardState::kServing: return ShardState::kAvailable;
    case ShardState::kRecovering:
    case ShardState::kErrored: return ShardState::kErrored;
  }
  return ShardState::kErrored;
}

}  // namespace dagfs::dagstore
