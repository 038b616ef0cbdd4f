// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/background.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "car/base/bytes.h"
#include "car/base/file.h"

namespace dagfs::tools {
namespace {

// What is written when all is well; a failure is "CODE message".
constexpr std::string_view kReady = "ready";

Result<std::string> read_all(int pipe) {
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, "wait for the daemon");
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<StartFailure> outcome_of(std::string_view report) {
  if (report == kReady) return std::nullopt;
  int code = 0;
  const auto [rest, error] =
      std::from_chars(report.data(), report.data() + report.size(), code);
  if (error != std::errc() || code == 0) {
    return StartFailure{ExitCode::kSoftware,
                        "the daemon ended before it was ready"};
  }
  report.remove_prefix(static_cast<std::size_t>(rest - report.data()) + 1);
  return StartFailure{static_cast<ExitCode>(code), std::string(report)};
}

[[noreturn]] void run_child(const Daemon& daemon, UniqueFd pipe) {
  // A session of its own: closing the terminal does not end it.
  ::setsid();
  // No folder is held that somebody may want to unmount.
  [[maybe_unused]] const int moved = ::chdir("/");
  StartReporter reporter(std::move(pipe));
  const ExitCode code = daemon(reporter);
  // The parent's buffers and handlers are not this process's to run.
  ::_exit(static_cast<int>(code));
}

}  // namespace

void StartReporter::ready() {
  is_ready_ = true;
  if (!pipe_) return;
  const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    ::dup2(nowhere.get(), fd);
  }
  // Whoever waited may have been killed; the mount is up all the same.
  (void)write_all(pipe_.get(), as_bytes(kReady));
  pipe_.reset();
}

void StartReporter::failed(const StartFailure& failure) {
  if (!is_ready_) failure_ = failure;
  if (!pipe_) return;
  const std::string report =
      fmt::format("{} {}", static_cast<int>(failure.code), failure.message);
  (void)write_all(pipe_.get(), as_bytes(report));
  pipe_.reset();
}

std::optional<StartFailure> start_in_background(const Daemon& daemon) {
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return StartFailure{ExitCode::kIo,
                        error_from_errno(errno, "make a pipe").message()};
  }
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return StartFailure{ExitCode::kIo,
                        error_from_errno(errno, "start a process").message()};
  }
  if (child == 0) run_child(daemon, std::move(writing));

  writing.reset();
  const Result<std::string> report = read_all(reading.get());
  if (!report.ok()) {
    return StartFailure{ExitCode::kIo, report.error().message()};
  }
  const std::optional<StartFailure> failure = outcome_of(*report);
  // One that failed is about to end; one that is ready is left to init.
  if (failure) ::waitpid(child, nullptr, 0);
  return failure;
}

}  // namespace dagfs::tools
