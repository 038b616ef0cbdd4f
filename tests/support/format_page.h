// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked examples in docs/formats/, for tests that check them.

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "tests/support/fixtures.h"

namespace dagfs::tests {

// The digits of the block fenced as "hex" in docs/formats/`name`; two spaces
// begin a remark. Empty where there is none.
inline std::string hex_example(std::string_view name) {
  const auto page = std::filesystem::path(DAGFS_SOURCE_DIR) / "docs/formats";
  const auto lines = read_lines(page / name);
  std::string digits;
  bool is_inside = false;
  if (!lines.ok()) return digits;
  for (const std::string& line : *lines) {
    if (line.starts_with("```")) {
      is_inside = line == "```hex";
      continue;
    }
    if (!is_inside) continue;
    for (const char c : line.substr(0, line.find("  "))) {
      if (c != ' ') digits.push_back(c);
    }
  }
  return digits;
}

}  // namespace dagfs::tests
