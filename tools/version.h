// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

namespace dagfs::tools {

// Of the CMake project.
inline constexpr char kVersion[] = DAGFS_VERSION;

}  // namespace dagfs::tools
