// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include "tools/rpc/json_rpc.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// A shard as `--json` prints it: with the members of shard.json in a mount
// (fs/nodes/shard_json_node.cc). Of many roots the first are listed, and
// root_count says how many there are.
Json shown_json(const ShardRecord& shard);

}  // namespace dagfs::tools
