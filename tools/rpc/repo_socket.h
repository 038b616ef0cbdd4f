// SPDX-License-Identifier: Apache-2.0 OR MIT

// The Unix socket in a repo on which its daemon listens.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::tools {

inline constexpr char kRepoSocketName[] = "dagfs.sock";

// Makes the socket (mode 0600 from the first moment) and listens. A file that a
// killed daemon left is replaced after a connect has shown that nobody listens;
// the caller holds the repo's lock, so nobody can begin to meanwhile.
//
// kUnavailable: somebody listens. kIo.
Result<UniqueFd> listen_in_repo(const std::string& repo);

// nullopt: nobody listens. kIo: somebody may, but we cannot reach them (no
// permission, say).
Result<std::optional<UniqueFd>> connect_in_repo(const std::string& repo);

struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
};
// Of the other end of a connected socket, as they were when it connected.
Result<PeerCredentials> peer_credentials(int socket);

// Who may ask a daemon of this process's user: the user and root.
bool may_ask(const PeerCredentials& peer);

}  // namespace dagfs::tools
