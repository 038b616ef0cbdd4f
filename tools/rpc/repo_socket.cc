// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/rpc/repo_socket.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dagfs::tools {
namespace {

constexpr int kBacklog = 16;  // Connections waiting to be taken; more wait too.

// The address of the socket in a repo whose path may be longer than the 107
// bytes sun_path has: it then goes through a descriptor of the folder, which
// must stay open while the address is in use.
struct RepoAddress {
  UniqueFd folder;
  sockaddr_un address = {};
};

Result<RepoAddress> address_in(const std::string& repo) {
  RepoAddress result;
  result.address.sun_family = AF_UNIX;
  std::string path = repo + "/" + kRepoSocketName;
  if (path.size() >= sizeof(result.address.sun_path)) {
    result.folder =
        UniqueFd(::open(repo.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!result.folder) return error_from_errno(errno, repo);
    path = fmt::format("/proc/self/fd/{}/{}", result.folder.get(),
                       kRepoSocketName);
  }
  std::memcpy(result.address.sun_path, path.c_str(), path.size() + 1);
  return result;
}

const sockaddr* as_sockaddr(const RepoAddress& address) {
  return reinterpret_cast<const sockaddr*>(&address.address);
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return error_from_errno(errno, "make a socket");
  return fd;
}

// Only a socket is ours to remove.
Status remove_stale_socket(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return ok_status();
    return error_from_errno(errno, path);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error(ErrorCode::kInvalidArgument,
                 path + ": is in the way, and no socket");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return error_from_errno(errno, "remove the old " + path);
  }
  return ok_status();
}

Status bind_socket(int socket, const RepoAddress& address) {
  // The file gets its mode from the socket's inode, so that it is never open
  // to others, not even between bind and a chmod.
  if (::fchmod(socket, 0600) != 0 ||
      ::bind(socket, as_sockaddr(address), sizeof(address.address)) != 0 ||
      ::listen(socket, kBacklog) != 0) {
    return error_from_errno(errno, "listen");
  }
  return ok_status();
}

}  // namespace

Result<UniqueFd> listen_in_repo(const std::string& repo) {
  const std::string path = repo + "/" + kRepoSocketName;
  if (DAGFS_TRY(connect_in_repo(repo)).has_value()) {
    return Error(ErrorCode::kUnavailable, path + ": somebody listens already");
  }
  DAGFS_TRY(remove_stale_socket(path));
  const RepoAddress address = DAGFS_TRY(address_in(repo));
  UniqueFd socket = DAGFS_TRY(new_socket());
  DAGFS_TRY_CONTEXT(bind_socket(socket.get(), address), path);
  return socket;
}

Result<std::optional<UniqueFd>> connect_in_repo(const std::string& repo) {
  const std::string path = repo + "/" + kRepoSocketName;
  Result<RepoAddress> address = address_in(repo);
  if (!address.ok()) return std::optional<UniqueFd>();  // No folder, no socket.

  UniqueFd socket = DAGFS_TRY(new_socket());
  while (::connect(socket.get(), as_sockaddr(*address),
                   sizeof(address->address)) != 0) {
    if (errno == EINTR) continue;
    // ENOTSOCK, ENOTDIR: something else has the name; nobody listens there.
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED ||
                        errno == ENOTDIR || errno == ENOTSOCK;
    if (nobody) return std::optional<UniqueFd>();
    return error_from_errno(errno, path);
  }
  return std::optional<UniqueFd>(std::move(socket));
}

Result<PeerCredentials> peer_credentials(int socket) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return error_from_errno(errno, "ask who is at the other end");
  }
  return PeerCredentials{.pid = credentials.pid, .uid = credentials.uid};
}

bool may_ask(const PeerCredentials& peer) {
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace dagfs::tools
