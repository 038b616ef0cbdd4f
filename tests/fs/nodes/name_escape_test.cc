// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/name_escape.h"

#include <gmock/gmock.h>

#include <array>
#include <string>

namespace dagfs::fs {
namespace {

using testing::Optional;
using testing::SizeIs;
using testing::StartsWith;

using std::string_literals::operator""s;

constexpr std::array<std::string_view, 1> kReserved = {".node.json"};

TEST(ShowName, LeavesNamesAloneThatPosixCanHold) {
  for (const char* name : {"a", "...", ".hidden", "%2F", "50%", "%", " ", "\n",
                           "\xff\xfe", "a:b", "%25", "%~"}) {
    EXPECT_EQ(show_name(name), name);
    EXPECT_FALSE(needs_escape(name));
  }
}

TEST(ShowName, EscapesWhatPosixCannotHold) {
  EXPECT_EQ(show_name("a/b"), "a%2Fb");
  EXPECT_EQ(show_name("a\0b"s), "a%00b");
  EXPECT_EQ(show_name("."), "%2E");
  EXPECT_EQ(show_name(".."), "%2E%2E");
  EXPECT_EQ(show_name(""), "%");
}

TEST(ShowName, EscapesPercentOnlyInNamesThatAreEscapedAnyway) {
  EXPECT_EQ(show_name("100%"), "100%");
  EXPECT_EQ(show_name("100%/x"), "100%25%2Fx");
}

TEST(ShowName, EscapesReservedNamesByTheirFirstByte) {
  EXPECT_EQ(show_name(".node.json", kReserved), "%2Enode.json");
  EXPECT_EQ(show_name(".node.json"), ".node.json");
}

TEST(ShowName, KeepsTheLongestNameThatFits) {
  const std::string name(255, 'x');
  EXPECT_EQ(show_name(name), name);
}

TEST(ShowName, ShortensWhatIsTooLong) {
  const std::string shown = show_name(std::string(256, 'x'));
  EXPECT_THAT(shown, SizeIs(255));
  EXPECT_THAT(shown, StartsWith(std::string(221, 'x') + "%~"));
  EXPECT_TRUE(may_be_shortened(shown));
  EXPECT_FALSE(needs_escape(shown));
  EXPECT_EQ(raw_name_of(shown), std::nullopt);
}

TEST(ShowName, ShortensWhatBecomesTooLongByEscaping) {
  const std::string shown = show_name(std::string(100, '/'));
  EXPECT_LE(shown.size(), 255U);
  EXPECT_TRUE(may_be_shortened(shown));
  // No escape is torn.
  EXPECT_EQ(shown.find("%~") % 3, 0U);
}

TEST(ShowName, ShortensDifferentNamesDifferently) {
  EXPECT_NE(show_name(std::string(300, 'x')), show_name(std::string(301, 'x')));
}

TEST(ShowName, ShortensBetweenCharacters) {
  std::string name = "x";
  while (name.size() < 300) name += "\xe2\x82\xac";  // A three-byte character.
  const std::string shown = show_name(name);
  EXPECT_EQ((shown.find("%~") - 1) % 3, 0U);
}

TEST(ShowName, ShortensBytesThatAreNoUtf8) {
  EXPECT_THAT(show_name(std::string(300, '\x80')), SizeIs(255));
}

TEST(RawNameOf, UndoesWhatWasEscaped) {
  for (const std::string& raw :
       {"a/b"s, "a\0b"s, "."s, ".."s, ""s, "100%/x"s, "//"s, "%2F/"s}) {
    EXPECT_THAT(raw_name_of(show_name(raw)), Optional(raw));
  }
  EXPECT_THAT(raw_name_of("%2Enode.json", kReserved), Optional(".node.json"s));
}

TEST(RawNameOf, RefusesWhatIsNotEscapedAsHere) {
  for (const char* shown : {"a", "a%2fb", "%41", "a%2", "a%", "%%", "%2Fa%",
                            "%2E%2E%2E", "%2Enode.json", "%zz", "a%2Fb%"}) {
    EXPECT_EQ(raw_name_of(shown), std::nullopt) << shown;
  }
}

TEST(MayBeShortened, IsFalseForOrdinaryNames) {
  EXPECT_FALSE(may_be_shortened(""));
  EXPECT_FALSE(may_be_shortened("a%~b"));
  EXPECT_FALSE(may_be_shortened(std::string(255, 'x')));
  EXPECT_FALSE(may_be_shortened(std::string(300, 'x')));
}

}  // namespace
}  // namespace dagfs::fs
