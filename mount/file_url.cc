// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/file_url.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "car/base/file.h"

namespace dagfs::mount {
namespace {

constexpr std::string_view kScheme = "file:";

// RFC 3986's characters of a path that stand for themselves.
bool is_plain(char c) {
  constexpr std::string_view kPunctuation = "/-._~!$&'()*+,;=:@";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') ||
         kPunctuation.find(c) != std::string_view::npos;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

Result<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '?' || text[i] == '#') {
      return Error(
          ErrorCode::kInvalidArgument,
          fmt::format("'{}' in a file URL must be percent-encoded", text[i]));
    }
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const auto high = i + 1 < text.size() ? hex_digit(text[i + 1])
                                          : std::optional<unsigned>();
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2])
                                         : std::optional<unsigned>();
    if (!high || !low) {
      return Error(ErrorCode::kInvalidArgument,
                   "'%' without two hexadecimal digits");
    }
    decoded.push_back(static_cast<char>(*high * 16 + *low));
    i += 2;
  }
  if (decoded.find('\0') != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument, "a path cannot hold NUL");
  }
  return decoded;
}

// Whether `path` stays below the folder it is relative to, however it is
// joined.
bool stays_inside(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view component = path.substr(0, slash);
    if (component.empty() || component == "." || component == "..") {
      return false;
    }
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<std::string> parse_path(std::string_view rest) {
  if (rest.starts_with("//")) {
    const std::size_t host_end = rest.find('/', 2);
    const std::string_view host = rest.substr(
        2, host_end == std::string_view::npos ? host_end : host_end - 2);
    if (!host.empty() && host != "localhost") {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("host \"{}\": only files of this machine can be "
                               "mounted",
                               host));
    }
    rest = host_end == std::string_view::npos ? std::string_view()
                                              : rest.substr(host_end);
    if (rest.empty()) {
      return Error(ErrorCode::kInvalidArgument, "it names no path");
    }
    return percent_decode(rest);
  }
  if (rest.starts_with('/')) return percent_decode(rest);

  std::string path = DAGFS_TRY(percent_decode(rest));
  if (!stays_inside(path)) {
    return Error(ErrorCode::kInvalidArgument,
                 "a relative path must name a file below the repo folder, "
                 "without \".\", \"..\" or empty components");
  }
  return path;
}

}  // namespace

Result<std::string> path_from_file_url(std::string_view url) {
  if (!url.starts_with(kScheme)) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: not a file URL", url));
  }
  return DAGFS_TRY_CONTEXT(parse_path(url.substr(kScheme.size())), url);
}

std::string file_url_from_path(std::string_view path) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string url(kScheme);
  if (path.starts_with('/')) url += "//";
  for (const char c : path) {
    if (is_plain(c)) {
      url.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    url.push_back('%');
    url.push_back(kDigits[byte >> 4U]);
    url.push_back(kDigits[byte & 15U]);
  }
  return url;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<std::string> canonical_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> canonical(
      ::realpath(path.c_str(), nullptr), &std::free);
  if (canonical != nullptr) return std::string(canonical.get());

  const int error_number = errno;
  Error error = error_from_errno(error_number, path);
  if (error_number != ENOENT && error_number != ENOTDIR) return error;
  return Error(ErrorCode::kNotFound, error.message());
}

Result<std::string> file_url_for(const std::string& path,
                                 const std::string& repo) {
  const std::string canonical = DAGFS_TRY(canonical_path(path));
  DAGFS_TRY(stamp_of_path(canonical));  // Answers an Error for what is no file.

  const std::string folder = DAGFS_TRY(canonical_path(repo)) + '/';
  if (!canonical.starts_with(folder)) return file_url_from_path(canonical);
  return file_url_from_path(std::string_view(canonical).substr(folder.size()));
}

}  // namespace dagfs::mount
