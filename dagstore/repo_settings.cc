// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/repo_settings.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>
#include <system_error>

namespace dagfs::dagstore {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

Result<std::uint64_t> parse_version_line(std::string_view line) {
  const std::size_t equals = line.find('=');
  const bool is_version = equals != std::string_view::npos &&
                          trimmed(line.substr(0, equals)) == "version";
  if (!is_version) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("\"{}\" is no setting", line));
  }
  const std::string_view value = trimmed(line.substr(equals + 1));
  std::uint64_t version = 0;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("version \"{}\" is no number", value));
  }
  return version;
}

}  // namespace

// The file is TOML, of which one line is ours; a TOML parser would be a package
// for that line.
Result<std::uint64_t> parse_repo_version(std::string_view text) {
  std::optional<std::uint64_t> version;
  while (!text.empty()) {
    const std::size_t line_end = text.find('\n');
    std::string_view line = text.substr(0, line_end);
    text = line_end == std::string_view::npos ? std::string_view()
                                              : text.substr(line_end + 1);
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::uint64_t value = DAGFS_TRY(parse_version_line(line));
    if (version.has_value()) {
      return Error(ErrorCode::kCorrupt, "version is set twice");
    }
    version = value;
  }
  if (!version.has_value()) {
    return Error(ErrorCode::kCorrupt, "no version is set");
  }
  return *version;
}

}  // namespace dagfs::dagstore
