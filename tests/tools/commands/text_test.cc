// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/text.h"

#include <gtest/gtest.h>

namespace dagfs::tools {
namespace {

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("a b\xc3\xa9"), "a b\xc3\xa9");
  EXPECT_EQ(printable("a\nb\x1b[31m\\"), "a\\x0ab\\x1b[31m\\x5c");
  EXPECT_EQ(printable("\x7f"), "\\x7f");
}

TEST(IsUtf8, TellsTextFromBytes) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("h\xc3\xa9 \"quoted\" \n"));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("a\xc3"));
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
}

TEST(SetText, KeepsTheBytesThatJsonCannotHold) {
  Json json;
  set_text(&json, "name", "caf\xe9");
  EXPECT_EQ(json["name_hex"], "636166e9");
  EXPECT_EQ(to_line(json["name"]), "\"caf\xef\xbf\xbd\"");
  set_text(&json, "other", "plain");
  EXPECT_FALSE(json.contains("other_hex"));
}

TEST(HumanSize, HasAtMostThreeDigits) {
  EXPECT_EQ(human_size(0), "0");
  EXPECT_EQ(human_size(1023), "1023");
  EXPECT_EQ(human_size(1024), "1.0K");
  EXPECT_EQ(human_size(10188), "9.9K");
  EXPECT_EQ(human_size(10240), "10K");
  EXPECT_EQ(human_size(1023 * 1024), "1.0M");
  EXPECT_EQ(human_size(~std::uint64_t{0}), "16E");
}

TEST(UtcTime, IsIso8601) {
  EXPECT_EQ(utc_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_time(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace dagfs::tools
