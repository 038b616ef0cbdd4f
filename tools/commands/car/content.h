// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "tools/commands/car/dag_entry.h"
#include "tools/commands/car/open_car.h"

namespace dagfs::tools {

// Takes the bytes of a file in order.
using ContentSink = std::function<Status(ByteView)>;

// Hands the content of `entry`, a file or a node, to `sink`, every block
// checked before its bytes are. Memory does not grow with the file.
//
// kNotFound, kCorrupt, kUnsupported: a block is missing or wrong; the message
// names the CID, and what came before was handed out. kStale: the CAR was
// written to. Else what `sink` answered.
Status read_content(const OpenCar& car, const DagEntry& entry,
                    const ContentSink& sink);

}  // namespace dagfs::tools
