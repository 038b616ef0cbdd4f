// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/hashed_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "car/base/hex.h"
#include "dagstore/shard_info.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

// Ten million lines; more is something else by that name.
constexpr std::uint64_t kStateSizeMax = std::uint64_t{4} << 30;

Result<std::string> read_whole(const RandomAccessFile& file) {
  if (file.size() > kStateSizeMax) {
    return Error(ErrorCode::kExhausted, "too long to be read");
  }
  std::string content(file.size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(content));
  DAGFS_TRY(file.read_at(0, bytes));
  return content;
}

// The member, or nothing where it is absent or of another type.
template <typename Value>
std::optional<Value> member(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::nullopt;
  if constexpr (std::is_same_v<Value, std::string>) {
    if (!found->is_string()) return std::nullopt;
  } else {
    const bool is_number = std::is_signed_v<Value>
                               ? found->is_number_integer()
                               : found->is_number_unsigned();
    if (!is_number) return std::nullopt;
  }
  return found->get<Value>();
}

std::optional<std::string> path_in(const Json& json) {
  const auto hex = member<std::string>(json, "path_hex");
  if (!hex) return member<std::string>(json, "path");
  const auto bytes = bytes_from_hex(*hex);
  if (!bytes) return std::nullopt;
  return std::string(as_text(*bytes));
}

}  // namespace

std::string encode_hashed_file(const HashedFile& file) {
  Json json = {{"size", file.stamp.size},
               {"mtime_ns", file.stamp.mtime_ns},
               {"inode", file.stamp.inode},
               {"root", to_hex(file.commitment.root)}};
  set_text(&json, "path", file.path);
  return to_line(json);
}

std::optional<HashedFile> decode_hashed_file(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  auto path = path_in(json);
  const auto size = member<std::uint64_t>(json, "size");
  const auto mtime = member<std::int64_t>(json, "mtime_ns");
  const auto inode = member<std::uint64_t>(json, "inode");
  const auto root_hex = member<std::string>(json, "root");
  if (!path || !size || !mtime || !inode || !root_hex) return std::nullopt;
  const auto root = bytes_from_hex(*root_hex);
  const mount::UnpaddedSize payload(*size);
  const auto piece = mount::PieceSize::holding(payload);
  if (!root || root->size() != sizeof(mount::TreeNode) || !piece.ok()) {
    return std::nullopt;
  }
  HashedFile file = {
      .path = *std::move(path),
      .stamp = {.size = *size, .mtime_ns = *mtime, .inode = *inode},
      .commitment = {.root = {}, .payload = payload, .piece = *piece}};
  std::ranges::copy(*root, file.commitment.root.begin());
  return file;
}

Result<HashedFiles> HashedFiles::open(const std::string& path) {
  HashedFiles files;
  files.fd_ = UniqueFd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
             0666));
  if (files.fd_.get() < 0) return error_from_errno(errno, path);
  const auto file = DAGFS_TRY(PosixFile::open(path));
  const std::string content = DAGFS_TRY_CONTEXT(read_whole(*file), path);
  std::string_view rest = content;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    auto hashed = decode_hashed_file(line);
    if (!hashed) continue;
    std::string key = hashed->path;
    files.files_.insert_or_assign(std::move(key), *std::move(hashed));
  }
  // What a crash left of a line must not swallow the next one.
  if (!content.empty() && content.back() != '\n') {
    DAGFS_TRY_CONTEXT(write_all(files.fd_.get(), as_bytes("\n")), path);
  }
  return files;
}

const HashedFile* HashedFiles::find(const std::string& path,
                                    const FileStamp& now) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return nullptr;
  const HashedFile& file = found->second;
  return dagstore::is_same_content(file.stamp, now) ? &file : nullptr;
}

Status HashedFiles::add(HashedFile file) {
  const std::string line = encode_hashed_file(file) + '\n';
  std::string key = file.path;
  files_.insert_or_assign(std::move(key), std::move(file));
  if (fd_.get() < 0) return ok_status();
  return write_all(fd_.get(), as_bytes(line));
}

}  // namespace dagfs::tools
