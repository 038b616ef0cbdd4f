// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/text.h"

#include <fmt/core.h>

#include <array>
#include <ctime>

#include "car/base/bytes.h"

namespace dagfs::tools {

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f || byte == '\\') {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result.push_back(character);
    }
  }
  return result;
}

bool is_utf8(std::string_view text) {
  // The library that will write it is the one to ask.
  const std::string quoted =
      Json(text).dump(-1, ' ', false, Json::error_handler_t::ignore);
  return Json::parse(quoted).get_ref<const std::string&>() == text;
}

void set_text(Json* json, const std::string& member, std::string_view text) {
  (*json)[member] = text;
  if (!is_utf8(text)) (*json)[member + "_hex"] = to_hex(as_bytes(text));
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (bytes < 1024) return fmt::format("{}", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) {
    value /= 1024;
  }
  return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit])
                      : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string utc_time(std::int64_t seconds_since_epoch) {
  const std::time_t time = seconds_since_epoch;
  std::tm parts = {};
  if (::gmtime_r(&time, &parts) == nullptr) {
    return fmt::format("{}s", seconds_since_epoch);
  }
  std::array<char, 64> text = {};
  const std::size_t size =
      std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace dagfs::tools
