// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/line_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "tests/support/result_matchers.h"

namespace dagfs::tools {
namespace {

using testing::Optional;
using tests::FailsWith;
using tests::IsOkAnd;

constexpr std::size_t kLineSizeMax = 16;

class LineChannelTest : public testing::Test {
 protected:
  LineChannelTest() {
    std::array<int, 2> pair = {};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    other_ = UniqueFd(pair[0]);
    channel_ = std::make_unique<LineChannel>(UniqueFd(pair[1]), kLineSizeMax);
  }

  void send(std::string_view text) {
    ASSERT_EQ(::send(other_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  UniqueFd other_;
  std::unique_ptr<LineChannel> channel_;
};

TEST_F(LineChannelTest, SplitsWhatComesTogether) {
  send("one\ntwo\n\nlast");
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string("one"))));
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string("two"))));
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string())));
}

TEST_F(LineChannelTest, JoinsWhatComesApart) {
  send("he");
  send("llo\n");
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string("hello"))));
}

TEST_F(LineChannelTest, EndAfterALineIsAnAnswer) {
  send("one\n");
  other_.reset();
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string("one"))));
  EXPECT_THAT(channel_->read_line(), IsOkAnd(testing::Eq(std::nullopt)));
}

TEST_F(LineChannelTest, EndInsideALineIsCorrupt) {
  send("one\ntw");
  other_.reset();
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(std::string("one"))));
  EXPECT_THAT(channel_->read_line(), FailsWith(ErrorCode::kCorrupt));
}

TEST_F(LineChannelTest, LongestLineIsReadAndOneByteMoreIsNot) {
  const std::string longest(kLineSizeMax - 1, 'x');
  send(longest + "\n");
  EXPECT_THAT(channel_->read_line(), IsOkAnd(Optional(longest)));
  send(longest + "x\n");
  EXPECT_THAT(channel_->read_line(), FailsWith(ErrorCode::kCorrupt));
}

TEST_F(LineChannelTest, EndlessLineIsRefusedBeforeItEnds) {
  send(std::string(kLineSizeMax, 'x'));
  EXPECT_THAT(channel_->read_line(), FailsWith(ErrorCode::kCorrupt));
}

TEST_F(LineChannelTest, WritingToNobodyIsUnavailable) {
  other_.reset();
  EXPECT_THAT(channel_->write_line("x"), FailsWith(ErrorCode::kUnavailable));
}

TEST_F(LineChannelTest, ReaderThatDoesNotReadIsGivenUp) {
  const timeval soon = {.tv_sec = 0, .tv_usec = 1000};
  ASSERT_EQ(::setsockopt(channel_->fd(), SOL_SOCKET, SO_SNDTIMEO, &soon,
                         sizeof(soon)),
            0);
  const std::string much(std::size_t{8} << 20, 'x');
  EXPECT_THAT(channel_->write_line(much), FailsWith(ErrorCode::kUnavailable));
}

}  // namespace
}  // namespace dagfs::tools
