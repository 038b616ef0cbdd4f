// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/mount_registry.h"

#include <fmt/core.h>

#include <algorithm>
#include <cassert>

namespace dagfs::mount {
namespace {

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

// The scheme of `url`; empty where it has none.
std::string_view scheme_of(std::string_view url) {
  const std::string_view scheme = url.substr(0, url.find(':'));
  const bool is_scheme = scheme.size() < url.size() && !scheme.empty() &&
                         scheme[0] >= 'a' && scheme[0] <= 'z' &&
                         std::ranges::all_of(scheme, is_scheme_character);
  return is_scheme ? scheme : std::string_view();
}

}  // namespace

void MountRegistry::add(std::string scheme, Factory factory) {
  [[maybe_unused]] const bool is_new =
      factories_.try_emplace(std::move(scheme), std::move(factory)).second;
  assert(is_new);
}

Result<std::unique_ptr<Mount>> MountRegistry::instantiate(
    std::string_view url) const {
  const std::string_view scheme = scheme_of(url);
  if (scheme.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("\"{}\" is no URL: it has no scheme", url));
  }
  const auto found = factories_.find(scheme);
  if (found == factories_.end()) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: no mount knows the scheme \"{}\"", url, scheme));
  }
  return found->second(url);
}

}  // namespace dagfs::mount
