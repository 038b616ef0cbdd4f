// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/fd_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ostream>
#include <string>

#include "car/base/unique_fd.h"

namespace dagfs::tools {
namespace {

TEST(FdOutput, WritesSmallAndLargeTextInOrder) {
  const UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR, 0600));
  if (!file) GTEST_SKIP() << "no files without a name in /tmp";
  const std::string large(200'000, 'x');
  {
    FdOutput buffer(file.get());
    std::ostream out(&buffer);
    out << "begin " << 1 << ' ' << large << " end\n";
  }
  std::string text(large.size() + 100, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(size));
  EXPECT_EQ(text, "begin 1 " + large + " end\n");
}

TEST(FdOutput, RemembersWhyItFailed) {
  const UniqueFd full(::open("/dev/full", O_WRONLY));
  FdOutput buffer(full.get());
  std::ostream out(&buffer);
  out << "text" << std::flush;
  EXPECT_FALSE(out.good());
  EXPECT_EQ(buffer.error(), ENOSPC);
}

TEST(FdOutput, ClosedPipeIsTold) {
  ::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ::close(ends[0]);
  const UniqueFd writing(ends[1]);
  FdOutput buffer(writing.get());
  std::ostream out(&buffer);
  out << std::string(100'000, 'x');
  EXPECT_EQ(buffer.error(), EPIPE);
}

}  // namespace
}  // namespace dagfs::tools
