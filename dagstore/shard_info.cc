// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/shard_info.h"

namespace dagfs::dagstore {

bool is_same_content(const FileStamp& then, const FileStamp& now) {
  return then.size == now.size && then.mtime_ns == now.mtime_ns &&
         then.inode == now.inode;
}

}  // namespace dagfs::dagstore
