// SPDX-License-Identifier: Apache-2.0 OR MIT

// How names that a DAG may hold and POSIX cannot are shown. docs/mount.md has
// the rules with examples.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dagfs::fs {

// NAME_MAX of Linux, and what statfs says of the mount.
inline constexpr std::size_t kNameSizeMax = 255;

// Names that the directory shows for itself; an entry of the data that is
// called so is shown escaped.
using ReservedNames = std::span<const std::string_view>;

// Whether an entry called `raw` must be shown under another name: it is empty,
// ".", ".." or reserved, holds '/' or NUL, or is longer than kNameSizeMax.
bool needs_escape(std::string_view raw, ReservedNames reserved = {});

// The name `raw` is shown under; `raw` itself unless needs_escape(). Different
// escaped names come from different raw ones, but the result may equal another
// raw name: in a directory, whoever comes first has it.
std::string show_name(std::string_view raw, ReservedNames reserved = {});

// The raw name that show_name() escapes to `shown`. nullopt: there is none, or
// it was shortened, which cannot be undone.
std::optional<std::string> raw_name_of(std::string_view shown,
                                       ReservedNames reserved = {});

// Whether `shown` has the form of a name that was shortened, so that only a
// walk over all entries tells which one it is.
bool may_be_shortened(std::string_view shown);

}  // namespace dagfs::fs
