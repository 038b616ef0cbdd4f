// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/tree_importer.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "car/base/unique_fd.h"
#include "car/unixfs/directory_builder.h"
#include "car/unixfs/file_builder.h"
#include "car/unixfs/limits.h"

namespace dagfs::car {
namespace {

NodeAttributes attributes_of(const struct stat& status) {
  return {.mode = status.st_mode & 07777U,
          .mtime = UnixfsTime{
              .seconds = status.st_mtim.tv_sec,
              .nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec),
          }};
}

bool is_same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino &&
         (a.st_mode & S_IFMT) == (b.st_mode & S_IFMT);
}

bool is_unchanged(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size &&
         before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
}

struct DirCloser {
  void operator()(DIR* stream) const { ::closedir(stream); }
};
using DirStream = std::unique_ptr<DIR, DirCloser>;

class TreeImporter {
 public:
  TreeImporter(const TreeImportOptions& options, BlockSink& sink,
               HashPool* pool)
      : options_(options), sink_(sink), file_(options.profile, sink, pool) {}

  Result<ImportedTree> run(const std::string& path) {
    path_ = path;
    auto root = DAGFS_TRY(import_entry(AT_FDCWD, path.c_str(), 0));
    if (!root) {
      return Error(ErrorCode::kUnsupported, path + ": a special file");
    }
    return ImportedTree{.root = std::move(*root), .total = progress_};
  }

 private:
  // What an entry was when it was first looked at, and the way to it.
  struct Found {
    int folder = -1;
    const char* name = nullptr;
    struct stat status = {};
  };

  // nullopt: left out.
  Result<std::optional<BuiltDag>> import_entry(int folder, const char* name,
                                               std::size_t depth) {
    DAGFS_TRY(check_stopped());
    Found found{.folder = folder, .name = name};
    if (::fstatat(folder, name, &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
      return found_error(errno, depth);
    }
    Result<BuiltDag> built = Error(ErrorCode::kUnsupported, std::string());
    if (S_ISREG(found.status.st_mode)) {
      built = import_file(found);
    } else if (S_ISDIR(found.status.st_mode)) {
      built = import_directory(found, depth);
    } else if (S_ISLNK(found.status.st_mode)) {
      built = import_symlink(found);
    } else {
      return skip_special();
    }
    if (!built.ok()) return std::move(built).error();
    report();
    return std::optional<BuiltDag>(std::move(*built));
  }

  Result<BuiltDag> import_file(const Found& found) {
    // O_NONBLOCK: should it have become a fifo by now, nobody waits for it.
    const UniqueFd fd = DAGFS_TRY(open_found(found, O_NONBLOCK | O_NOCTTY));
    const auto expected = static_cast<std::uint64_t>(found.status.st_size);
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    // A file that grows as quickly as it is read would never end.
    while (file_.size() <= expected) {
      DAGFS_TRY(check_stopped());
      const auto room = DAGFS_TRY(file_.room());
      const ssize_t count = ::read(fd.get(), room.data(), room.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return error_from_errno(errno, path_);
      if (count == 0) break;
      DAGFS_TRY(file_.advance(static_cast<std::size_t>(count)));
      progress_.bytes += static_cast<std::uint64_t>(count);
      report();
    }
    if (file_.size() != expected) return changed();
    DAGFS_TRY(check_unchanged(fd.get(), found));
    ++progress_.files;
    return file_.finish(attributes_of(found.status));
  }

  Result<BuiltDag> import_directory(const Found& found, std::size_t depth) {
    if (depth == kTreeDepthMax) {
      return Error(ErrorCode::kExhausted,
                   fmt::format("{}: more than {} levels of directories", path_,
                               kTreeDepthMax));
    }
    const UniqueFd fd = DAGFS_TRY(open_found(found, O_DIRECTORY));
    const std::vector<std::string> names = DAGFS_TRY(list(fd.get()));
    DirectoryBuilder directory(options_.profile, sink_);
    const std::size_t path_size = path_.size();
    for (const std::string& name : names) {
      if (path_.back() != '/') path_ += '/';
      path_ += name;
      const auto entry =
          DAGFS_TRY(import_entry(fd.get(), name.c_str(), depth + 1));
      if (entry) {
        DAGFS_TRY(directory.add(name, entry->cid, entry->total_size));
      }
      path_.resize(path_size);
    }
    DAGFS_TRY(check_unchanged(fd.get(), found));
    ++progress_.directories;
    return directory.finish(attributes_of(found.status));
  }

  Result<BuiltDag> import_symlink(const Found& found) {
    std::string target(kSymlinkTargetMax + 1, '\0');
    const ssize_t size =
        ::readlinkat(found.folder, found.name, target.data(), target.size());
    if (size < 0 && errno == EINVAL) return changed();  // It is no link now.
    if (size < 0) return error_from_errno(errno, path_);
    target.resize(static_cast<std::size_t>(size));
    ++progress_.symlinks;
    return put_symlink(options_.profile, sink_, target,
                       attributes_of(found.status));
  }

  Result<std::optional<BuiltDag>> skip_special() {
    if (options_.special == SpecialFiles::kRefuse) {
      return Error(ErrorCode::kUnsupported,
                   path_ + ": a device, fifo or socket has no form in UnixFS");
    }
    ++progress_.skipped;
    if (options_.skipped) options_.skipped(path_);
    report();
    return std::optional<BuiltDag>();
  }

  // Another file may have taken the name since it was looked at.
  Result<UniqueFd> open_found(const Found& found, int flags) {
    UniqueFd fd(::openat(found.folder, found.name,
                         O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags));
    if (!fd && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) {
      return changed();
    }
    struct stat opened = {};
    if (!fd || ::fstat(fd.get(), &opened) != 0) {
      return error_from_errno(errno, path_);
    }
    if (!is_same_file(found.status, opened)) return changed();
    return fd;
  }

  // Sorted, so that blocks come in the same order wherever the tree lies.
  Result<std::vector<std::string>> list(int fd) {
    // The stream closes its descriptor, and entries are opened through ours.
    const int own = ::openat(fd, ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    const DirStream stream(own < 0 ? nullptr : ::fdopendir(own));
    if (stream == nullptr) {
      const int error_number = errno;
      if (own >= 0) ::close(own);
      return error_from_errno(error_number, path_);
    }
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      // Thread-safe: no other thread has this stream.
      const dirent* const entry =
          ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe)
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (options_.hidden == HiddenFiles::kSkip && name.front() == '.') {
        continue;
      }
      names.emplace_back(name);
    }
    if (errno != 0) return error_from_errno(errno, path_);
    std::ranges::sort(names);
    return names;
  }

  Status check_unchanged(int fd, const Found& found) {
    struct stat now = {};
    if (::fstat(fd, &now) != 0) return error_from_errno(errno, path_);
    if (!is_unchanged(found.status, now)) return changed();
    return ok_status();
  }

  Error changed() const {
    return Error(ErrorCode::kStale, path_ + ": changed while it was read");
  }

  Error found_error(int error_number, std::size_t depth) const {
    if (error_number != ENOENT && error_number != ENOTDIR) {
      return error_from_errno(error_number, path_);
    }
    if (depth > 0) return changed();
    return Error(ErrorCode::kNotFound, path_ + ": there is no such file");
  }

  Status check_stopped() const {
    if (!options_.stop.stop_requested()) return ok_status();
    return Error(ErrorCode::kUnavailable, path_ + ": the import was stopped");
  }

  void report() const {
    if (options_.progress) options_.progress(progress_);
  }

  const TreeImportOptions& options_;
  BlockSink& sink_;
  FileBuilder file_;  // Of one file after the other.
  std::string path_;  // Of what is imported now, for messages.
  ImportProgress progress_;
};

}  // namespace

Result<ImportedTree> import_tree(const std::string& path,
                                 const TreeImportOptions& options,
                                 BlockSink& sink, HashPool* pool) {
  return TreeImporter(options, sink, pool).run(path);
}

}  // namespace dagfs::car
