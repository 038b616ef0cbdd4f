// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/unmount.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <vector>

#include "tools/rpc/repo_socket.h"
#include "tools/rpc/rpc_store_service.h"

extern char** environ;

namespace dagfs::tools {
namespace {

constexpr std::string_view kSourcePrefix = "dagfs:";

// A daemon gives up on what hangs after some seconds (daemon.cc, session.cc).
constexpr std::chrono::milliseconds kEndMax{20'000};

Error in_use(const std::string& path) {
  return Error(ErrorCode::kUnavailable,
               path + ": in use; `fuser -vm` tells by whom, -l does not wait");
}

// What the program wrote to its standard error, without line ends.
std::string read_message(int pipe) {
  std::string text;
  std::array<char, 1024> buffer;
  ssize_t count = 0;
  while ((count = ::read(pipe, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Status run_fusermount(const std::string& path, Unmount how) {
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return error_from_errno(errno, "make a pipe");
  }
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);

  std::string program = "fusermount3";
  std::string flags = how == Unmount::kLazily ? "-uz" : "-u";
  std::string end_of_flags = "--";
  std::string target = path;
  std::array<char*, 5> arguments = {program.data(), flags.data(),
                                    end_of_flags.data(), target.data(),
                                    nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writing.get(), STDERR_FILENO);
  pid_t child = 0;
  const int spawned = ::posix_spawnp(&child, program.c_str(), &actions, nullptr,
                                     arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  writing.reset();
  if (spawned != 0) return error_from_errno(spawned, program);

  const std::string message = read_message(reading.get());
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status == 0) return ok_status();
  if (message.find("busy") != std::string::npos) return in_use(path);
  return Error(ErrorCode::kIo, fmt::format("{}: {}", path, message));
}

}  // namespace

Status unmount(const std::string& path, Unmount how) {
  const int flags =
      UMOUNT_NOFOLLOW | (how == Unmount::kLazily ? MNT_DETACH : 0);
  if (::umount2(path.c_str(), flags) == 0) return ok_status();
  if (errno == EBUSY) return in_use(path);
  if (errno != EPERM) return error_from_errno(errno, path);
  return run_fusermount(path, how);
}

DaemonProcess DaemonProcess::find(const std::string& source,
                                  const std::string& mountpoint,
                                  const std::string& repo) {
  if (source.starts_with(kSourcePrefix)) {
    DaemonProcess process =
        of_repo(source.substr(kSourcePrefix.size()), mountpoint);
    if (process.process_) return process;
  }
  return of_repo(repo, mountpoint);
}

DaemonProcess DaemonProcess::of_repo(const std::string& repo,
                                     const std::string& mountpoint) {
  DaemonProcess process;
  Result<std::optional<UniqueFd>> socket = connect_in_repo(repo);
  if (!socket.ok() || !socket->has_value()) return process;
  const Result<PeerCredentials> peer = peer_credentials((*socket)->get());
  RpcStoreService service(std::move(**socket));
  const Result<ServiceStatus> status = service.status();
  if (!peer.ok() || !status.ok() || status->mountpoint != mountpoint) {
    return process;
  }
  process.pid_ = peer->pid;
  process.process_ =
      UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, peer->pid, 0)));
  return process;
}

bool DaemonProcess::wait_for_end() const {
  if (!process_) return true;
  pollfd wait = {.fd = process_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&wait, 1, static_cast<int>(kEndMax.count()));
  return ready == 1;
}

}  // namespace dagfs::tools
