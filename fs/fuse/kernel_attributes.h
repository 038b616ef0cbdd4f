// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include "fs/fuse/session.h"
#include "fs/node.h"

namespace dagfs::fs {

// The kernel's names for what a node says of itself.
mode_t type_bits(NodeType type);
struct stat to_stat(const Attributes& attributes,
                    const SessionOptions& options);
struct statvfs to_statvfs(const Usage& usage);

// Seconds for which the kernel may believe it.
double timeout_of(Caching caching);

}  // namespace dagfs::fs
