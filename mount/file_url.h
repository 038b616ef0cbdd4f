// SPDX-License-Identifier: Apache-2.0 OR MIT

// Paths as URLs and back. Two forms:
//
//   file:///srv/cars/a%20b.car   any file, by its absolute path (RFC 8089)
//   file:pieces/a.car            a file inside the repo folder, relative to it,
//                                so that a repo that was moved goes on working
//
// A path may hold any byte but NUL; what a URL cannot hold is percent-encoded.

#pragma once

#include <string>
#include <string_view>

#include "car/base/result.h"

namespace dagfs::mount {

// The path that `url` names: absolute, or relative to the repo folder.
//
// kInvalidArgument: another scheme, a host, an unescaped '?' or '#' (they would
// begin a query or fragment, which files do not have), a bad escape, a NUL, or
// a relative path that is empty or has a component "", "." or "..".
Result<std::string> path_from_file_url(std::string_view url);

// The URL of `path`, which is absolute or relative to the repo folder.
std::string file_url_from_path(std::string_view path);

// The URL to register the file under that a user calls `path`: its canonical
// absolute path, or the relative form where it lies inside `repo`.
//
// kNotFound: no such file. kInvalidArgument: not a regular file. kIo.
Result<std::string> file_url_for(const std::string& path,
                                 const std::string& repo);

// What the file at `path`, an absolute one, lies in.
std::string folder_of(const std::string& path);

// `path` made absolute, without symbolic links, "." and "..". kNotFound, kIo.
Result<std::string> canonical_path(const std::string& path);

}  // namespace dagfs::mount
