// SPDX-License-Identifier: Apache-2.0 OR MIT

// What people name as the source of a shard.

#pragma once

#include <string>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::tools {

// "file:" has a form without slashes; all other URLs are told from paths by
// theirs. A file with such a name can be given as "./file:...".
bool is_url(std::string_view source);

// The URL of a path, or the URL itself. kInvalidArgument: it lies in
// `mountpoint`, where the repo's own daemon would wait for itself; may be
// empty. Else as mount::file_url_for.
Result<std::string> source_url(const std::string& source,
                               const std::string& repo,
                               const std::string& mountpoint);

}  // namespace dagfs::tools
