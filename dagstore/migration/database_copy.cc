// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/database_copy.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "car/base/file.h"

namespace dagfs::dagstore {
namespace {

namespace fs = std::filesystem;

// A database is compacted for seconds at a time, and copying takes longer than
// that only where it is large; then it is written to rarely in comparison.
constexpr int kCopyAttempts = 10;

// What one call copies at most: a signal can end it in between.
constexpr std::size_t kCopiedAtOnce = std::size_t{64} << 20;

// Bytes are copied and no extents or links shared by us: whatever is done to
// the copy, the original stays as it is. Absent is no error: tables go away.
Status copy_bytes(const std::string& from, const std::string& to) {
  const UniqueFd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!in && errno == ENOENT) return ok_status();
  if (!in) return error_from_errno(errno, from);
  const UniqueFd out(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out) return error_from_errno(errno, to);
  while (true) {
    const ssize_t copied =
        ::sendfile(out.get(), in.get(), nullptr, kCopiedAtOnce);
    if (copied == 0) return ok_status();
    if (copied < 0 && errno != EINTR) return error_from_errno(errno, to);
  }
}

Result<std::string> read_small_file(const std::string& path) {
  constexpr std::uint64_t kNameSizeMax = 4096;
  const auto file = DAGFS_TRY(PosixFile::open(path));
  if (file->size() > kNameSizeMax) {
    return Error(ErrorCode::kCorrupt, path + ": too long");
  }
  std::string content(file->size(), '\0');
  DAGFS_TRY(file->read_at(0, std::as_writable_bytes(std::span(content))));
  return content;
}

// What a LevelDB says which tables it consists of; equal before and after: none
// came or went in between.
struct DatabaseVersion {
  std::string manifest;  // Name.
  std::uint64_t manifest_size = 0;

  friend bool operator==(const DatabaseVersion&,
                         const DatabaseVersion&) = default;
};

Result<DatabaseVersion> version_of(const std::string& folder) {
  const std::string current = DAGFS_TRY(read_small_file(folder + "/CURRENT"));
  DatabaseVersion version;
  version.manifest = current.substr(0, current.find('\n'));
  if (!version.manifest.starts_with("MANIFEST-") ||
      version.manifest.find('/') != std::string::npos) {
    return Error(ErrorCode::kCorrupt, folder + "/CURRENT names no manifest");
  }
  const FileStamp stamp =
      DAGFS_TRY(stamp_of_path(folder + '/' + version.manifest));
  version.manifest_size = stamp.size;
  return version;
}

bool is_table(const fs::path& file) {
  return file.extension() == ".ldb" || file.extension() == ".sst";
}

// A table never changes once it is whole, so that one that was copied in an
// earlier attempt is good if it has the same size.
bool is_copied(const fs::path& file, const std::string& to) {
  std::error_code ignored;
  const std::string copy = to + '/' + file.filename().string();
  return is_table(file) && fs::exists(copy, ignored) &&
         fs::file_size(copy, ignored) == fs::file_size(file, ignored);
}

Status copy_files(const std::string& from, const std::string& to,
                  const DatabaseVersion& version) {
  // The list of tables first, then what it lists; logs last, which hold what
  // no table has yet.
  DAGFS_TRY(copy_bytes(from + "/CURRENT", to + "/CURRENT"));
  DAGFS_TRY(
      copy_bytes(from + '/' + version.manifest, to + '/' + version.manifest));
  std::error_code failure;
  std::vector<fs::path> logs;
  fs::directory_iterator entry(from, failure);
  for (; !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const fs::path& path = entry->path();
    if (path.extension() == ".log") logs.push_back(path);
    if (!is_table(path) || is_copied(path, to)) continue;
    DAGFS_TRY(copy_bytes(path, to + '/' + path.filename().string()));
  }
  if (failure) return error_from_errno(failure.value(), from);
  for (const fs::path& log : logs) {
    DAGFS_TRY(copy_bytes(log, to + '/' + log.filename().string()));
  }
  return ok_status();
}

Status make_new_folder(const std::string& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) return error_from_errno(failure.value(), path);
  return ok_status();
}

Error never_still(const std::string& from) {
  return {ErrorCode::kUnavailable,
          from + ": was written to each time it was copied"};
}

struct SqliteStamps {
  FileStamp database;
  FileStamp log;  // All 0 where there is none.

  friend bool operator==(const SqliteStamps&, const SqliteStamps&) = default;
};

Result<SqliteStamps> sqlite_stamps(const std::string& path) {
  SqliteStamps stamps;
  stamps.database = DAGFS_TRY(stamp_of_path(path));
  const auto log = stamp_of_path(path + "-wal");
  if (log.ok()) stamps.log = *log;
  return stamps;
}

}  // namespace

Result<CopyFolder> CopyFolder::create(const std::string& path) {
  std::error_code failure;
  fs::remove_all(path, failure);
  if (failure) return error_from_errno(failure.value(), path);
  DAGFS_TRY(make_new_folder(path));
  return CopyFolder(path);
}

CopyFolder::CopyFolder(CopyFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

CopyFolder::~CopyFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Status copy_level_db(const std::string& from, const std::string& to) {
  DAGFS_TRY(make_new_folder(to));
  for (int attempt = 0; attempt < kCopyAttempts; ++attempt) {
    const DatabaseVersion before = DAGFS_TRY(version_of(from));
    DAGFS_TRY(copy_files(from, to, before));
    if (DAGFS_TRY(version_of(from)) == before) return ok_status();
  }
  return never_still(from);
}

Status copy_sqlite(const std::string& from, const std::string& to) {
  for (int attempt = 0; attempt < kCopyAttempts; ++attempt) {
    const SqliteStamps before = DAGFS_TRY(sqlite_stamps(from));
    DAGFS_TRY(copy_bytes(from, to));
    DAGFS_TRY(copy_bytes(from + "-wal", to + "-wal"));
    if (DAGFS_TRY(sqlite_stamps(from)) == before) return ok_status();
  }
  return never_still(from);
}

}  // namespace dagfs::dagstore
