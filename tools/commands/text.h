// SPDX-License-Identifier: Apache-2.0 OR MIT

// How values are written for people and for scripts.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/rpc/json_rpc.h"

namespace dagfs::tools {

// `text` on one line and harmless to a terminal: control characters and
// backslashes become \xNN. Names in a CAR are a stranger's.
std::string printable(std::string_view text);

bool is_utf8(std::string_view text);

// Sets json[member] to `text`. JSON cannot hold bytes that are not UTF-8: they
// are shown as U+FFFD there, and member_hex has them all.
void set_text(Json* json, const std::string& member, std::string_view text);

// "17", "1.2K", "340M": at most three digits and a unit of 1024.
std::string human_size(std::uint64_t bytes);

// "2024-05-01T12:00:00Z".
std::string utc_time(std::int64_t seconds_since_epoch);

}  // namespace dagfs::tools
