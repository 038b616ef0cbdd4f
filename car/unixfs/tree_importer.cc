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
#include <span>
#include <utility>
#include <vector>

#include "car/base/unique_fd.h"
#include "car/unixfs/directory_builder.h"
#include "car/unixfs/file_builder.h"
#include "car/unixfs/limits.h"
#include "car/unixfs/small_file_builder.h"

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

// Small files that are put together; that many, so that their names are few.
constexpr std::size_t kSmallFilesMax = 4096;

class TreeImporter {
 public:
  TreeImporter(const TreeImportOptions& options, BlockSink& sink,
               HashPool* pool)
      : options_(options),
        sink_(sink),
        file_(options.profile, sink, pool),
        small_files_(options.profile, sink, pool) {}

  Result<ImportedTree> run(const std::string& path) {
    path_ = path;
    const Entry top{.folder = AT_FDCWD, .name = path.c_str()};
    DAGFS_TRY(import_entry(top, 0));
    DAGFS_TRY(settle());
    if (!root_) {
      return Error(ErrorCode::kUnsupported, path + ": a special file");
    }
    return ImportedTree{.root = std::move(*root_), .total = progress_};
  }

 private:
  // The way to an entry, what it was when it was first looked at, and where it
  // goes.
  struct Entry {
    int folder = -1;
    const char* name = nullptr;
    struct stat status = {};
    DirectoryBuilder* parent = nullptr;  // Null: it is the root.
  };

  // A small file on its way to the sink.
  struct SmallFile {
    std::string name;
    DirectoryBuilder* parent = nullptr;
  };

  Status import_entry(Entry entry, std::size_t depth) {
    DAGFS_TRY(check_stopped());
    if (::fstatat(entry.folder, entry.name, &entry.status,
                  AT_SYMLINK_NOFOLLOW) != 0) {
      return absent(errno, depth);
    }
    const mode_t kind = entry.status.st_mode & S_IFMT;
    if (kind == S_IFREG && is_small(entry)) return import_small_file(entry);
    if (kind == S_IFREG || kind == S_IFLNK) {
      DAGFS_TRY(settle());
      BuiltDag built = DAGFS_TRY(kind == S_IFREG ? import_file(entry)
                                                 : import_symlink(entry));
      return deliver(entry.parent, entry.name, std::move(built));
    }
    if (kind != S_IFDIR) return skip_special();
    BuiltDag built = DAGFS_TRY(import_directory(entry, depth));
    return deliver(entry.parent, entry.name, std::move(built));
  }

  Status deliver(DirectoryBuilder* parent, std::string_view name,
                 BuiltDag built) {
    report();
    if (parent != nullptr) {
      return parent->add(name, built.cid, built.total_size);
    }
    root_ = std::move(built);
    return ok_status();
  }

  // Whether it is one leaf.
  bool is_small(const Entry& entry) const {
    const ImportProfile& profile = options_.profile;
    return static_cast<std::uint64_t>(entry.status.st_size) <=
               profile.chunk_size &&
           !profile.keeps_mode && !profile.keeps_mtime;
  }

  Status import_small_file(const Entry& entry) {
    const UniqueFd fd = DAGFS_TRY(open_entry(entry, O_NONBLOCK | O_NOCTTY));
    const auto size = static_cast<std::size_t>(entry.status.st_size);
    std::span<std::byte> rest = DAGFS_TRY(small_files_.room(size));
    while (!rest.empty()) {
      const std::size_t count = DAGFS_TRY(read_some(fd.get(), rest));
      if (count == 0) return changed();
      rest = rest.subspan(count);
    }
    DAGFS_TRY(check_unchanged(fd.get(), entry));
    small_files_.add(size);
    pending_.push_back({.name = entry.name, .parent = entry.parent});
    ++progress_.files;
    return pending_.size() < kSmallFilesMax ? ok_status() : settle();
  }

  // Nothing else may be put before what was collected.
  Status settle() {
    std::vector<BuiltDag> built = DAGFS_TRY(small_files_.settle());
    for (std::size_t i = 0; i < built.size(); ++i) {
      DAGFS_TRY(
          deliver(pending_[i].parent, pending_[i].name, std::move(built[i])));
    }
    pending_.clear();
    return ok_status();
  }

  Result<BuiltDag> import_file(const Entry& entry) {
    // O_NONBLOCK: should it have become a fifo by now, nobody waits for it.
    const UniqueFd fd = DAGFS_TRY(open_entry(entry, O_NONBLOCK | O_NOCTTY));
    const auto expected = static_cast<std::uint64_t>(entry.status.st_size);
    ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    // A file that grows as quickly as it is read would never end.
    while (file_.size() <= expected) {
      DAGFS_TRY(check_stopped());
      const auto room = DAGFS_TRY(file_.room());
      const std::size_t count = DAGFS_TRY(read_some(fd.get(), room));
      if (count == 0) break;
      DAGFS_TRY(file_.advance(count));
    }
    if (file_.size() != expected) return changed();
    DAGFS_TRY(check_unchanged(fd.get(), entry));
    ++progress_.files;
    return file_.finish(attributes_of(entry.status));
  }

  Result<std::size_t> read_some(int fd, std::span<std::byte> out) {
    ssize_t count = 0;
    do {
      count = ::read(fd, out.data(), out.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return error_from_errno(errno, path_);
    progress_.bytes += static_cast<std::uint64_t>(count);
    report();
    return static_cast<std::size_t>(count);
  }

  Result<BuiltDag> import_directory(const Entry& entry, std::size_t depth) {
    if (depth == kTreeDepthMax) {
      return Error(ErrorCode::kExhausted,
                   fmt::format("{}: more than {} levels of directories", path_,
                               kTreeDepthMax));
    }
    const UniqueFd fd = DAGFS_TRY(open_entry(entry, O_DIRECTORY));
    const std::vector<std::string> names = DAGFS_TRY(list(fd.get()));
    DirectoryBuilder directory(options_.profile, sink_);
    const std::size_t path_size = path_.size();
    for (const std::string& name : names) {
      if (path_.back() != '/') path_ += '/';
      path_ += name;
      DAGFS_TRY(import_entry(
          {.folder = fd.get(), .name = name.c_str(), .parent = &directory},
          depth + 1));
      path_.resize(path_size);
    }
    DAGFS_TRY(settle());
    DAGFS_TRY(check_unchanged(fd.get(), entry));
    ++progress_.directories;
    return directory.finish(attributes_of(entry.status));
  }

  Result<BuiltDag> import_symlink(const Entry& entry) {
    std::string target(kSymlinkTargetMax + 1, '\0');
    const ssize_t size =
        ::readlinkat(entry.folder, entry.name, target.data(), target.size());
    if (size < 0 && errno == EINVAL) return changed();  // It is no link now.
    if (size < 0) return error_from_errno(errno, path_);
    target.resize(static_cast<std::size_t>(size));
    ++progress_.symlinks;
    return put_symlink(options_.profile, sink_, target,
                       attributes_of(entry.status));
  }

  Status skip_special() {
    if (options_.special == SpecialFiles::kRefuse) {
      return Error(ErrorCode::kUnsupported,
                   path_ + ": a device, fifo or socket has no form in UnixFS");
    }
    ++progress_.skipped;
    if (options_.skipped) options_.skipped(path_);
    report();
    return ok_status();
  }

  // Another file may have taken the name since it was looked at.
  Result<UniqueFd> open_entry(const Entry& entry, int flags) {
    UniqueFd fd(::openat(entry.folder, entry.name,
                         O_RDONLY | O_CLOEXEC | O_NOFOLLOW | flags));
    if (!fd && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR)) {
      return changed();
    }
    struct stat opened = {};
    if (!fd || ::fstat(fd.get(), &opened) != 0) {
      return error_from_errno(errno, path_);
    }
    if (!is_same_file(entry.status, opened)) return changed();
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

  Status check_unchanged(int fd, const Entry& entry) {
    struct stat now = {};
    if (::fstat(fd, &now) != 0) return error_from_errno(errno, path_);
    if (!is_unchanged(entry.status, now)) return changed();
    return ok_status();
  }

  Error changed() const {
    return Error(ErrorCode::kStale, path_ + ": changed while it was read");
  }

  Error absent(int error_number, std::size_t depth) const {
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
  std::string path_;  // Of what is imported now, for messages.
  ImportProgress progress_;
  std::optional<BuiltDag> root_;

  FileBuilder file_;  // Of one file after the other.
  SmallFileBuilder small_files_;
  std::vector<SmallFile> pending_;  // The small files, in their order.
};

}  // namespace

Result<ImportedTree> import_tree(const std::string& path,
                                 const TreeImportOptions& options,
                                 BlockSink& sink, HashPool* pool) {
  return TreeImporter(options, sink, pool).run(path);
}

}  // namespace dagfs::car
