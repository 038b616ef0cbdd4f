// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/repo.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "car/base/file.h"
#include "dagstore/durable_file.h"
#include "dagstore/repo_settings.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kSettingsName = "dagfs.toml";
constexpr std::uint64_t kVersion = 1;

constexpr std::string_view kSettingsText =
    "# A dagfs repository: which shards there are, and their indices. The\n"
    "# version is that of this folder's layout.\n"
    "version = 1\n";

// Far above what anybody writes into it by hand.
constexpr std::uint64_t kSettingsSizeMax = 64 * 1024;

Status check_settings(const std::string& path) {
  auto file = PosixFile::open(path);
  if (!file.ok() && file.error().code() == ErrorCode::kNotFound) {
    return Error(ErrorCode::kNotFound, path + ": there is no dagfs repo here");
  }
  const auto settings = DAGFS_TRY(std::move(file));
  if (settings->size() > kSettingsSizeMax) {
    return Error(ErrorCode::kCorrupt, path + ": too long for a settings file");
  }
  std::string text(settings->size(), '\0');
  DAGFS_TRY_CONTEXT(
      settings->read_at(0, std::as_writable_bytes(std::span(text))), path);
  const auto version = DAGFS_TRY_CONTEXT(parse_repo_version(text), path);
  if (version != kVersion) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{}: the repo has version {}; this program knows "
                             "only {}",
                             path, version, kVersion));
  }
  return ok_status();
}

// The first line of the lock file, for a message only.
std::string holder_of(int lock) {
  std::array<char, 32> text = {};
  const ssize_t size = ::pread(lock, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  const std::string_view line =
      std::string_view(text.data(), static_cast<std::size_t>(size));
  return fmt::format("process {}", line.substr(0, line.find('\n')));
}

// Opens `path` and locks it by flock. nullopt: somebody else has.
Result<std::optional<UniqueFd>> lock_file(const std::string& path,
                                          std::string* holder) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
    return std::optional<UniqueFd>(std::move(fd));
  }
  if (errno != EWOULDBLOCK) return error_from_errno(errno, path);
  *holder = holder_of(fd.get());
  return std::optional<UniqueFd>();
}

Result<UniqueFd> lock_repo(const std::string& folder) {
  std::string holder;
  auto fd = DAGFS_TRY(lock_file(folder + "/lock", &holder));
  if (!fd.has_value()) {
    return Error(ErrorCode::kUnavailable,
                 fmt::format("{}: {} has this repo open", folder, holder));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  const bool written = ::ftruncate(fd->get(), 0) == 0 &&
                       ::pwrite(fd->get(), pid.data(), pid.size(), 0) ==
                           static_cast<ssize_t>(pid.size());
  if (!written) return error_from_errno(errno, folder + "/lock");
  return std::move(*fd);
}

// LevelDB locks LOCK by fcntl, which Go's does not see: it uses flock.
Result<UniqueFd> lock_database(const std::string& folder) {
  std::string holder;
  auto fd = DAGFS_TRY(lock_file(folder + "/LOCK", &holder));
  if (!fd.has_value()) {
    return Error(ErrorCode::kUnavailable,
                 folder + ": another program has this database open");
  }
  return std::move(*fd);
}

Status require_empty(const std::string& folder) {
  std::error_code failure;
  if (std::filesystem::exists(std::filesystem::path(folder) / kSettingsName,
                              failure)) {
    return Error(ErrorCode::kInvalidArgument,
                 folder + ": there is a dagfs repo already");
  }
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename().string();
    if (name == temporary_name(kSettingsName)) continue;
    return Error(ErrorCode::kInvalidArgument, folder + ": is not empty");
  }
  if (failure) return error_from_errno(failure.value(), folder);
  return ok_status();
}

}  // namespace

Status Repo::create(const std::string& folder) {
  DAGFS_TRY(make_folder(folder));
  DAGFS_TRY(require_empty(folder));
  // The other folders are made when the repo is opened, so that this one file
  // makes the difference between a repo and none.
  return write_durably(folder, kSettingsName, kSettingsText);
}

Result<Repo> Repo::open(const std::string& folder) {
  std::error_code failure;
  const std::string canonical =
      std::filesystem::canonical(folder, failure).string();
  if (failure) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: {}", folder, failure.message()));
  }
  DAGFS_TRY(check_settings(canonical + '/' + std::string(kSettingsName)));

  // In this order: whoever holds the first lock may hold LevelDB's as well,
  // and would lose it to our closing a descriptor of LOCK in its process.
  UniqueFd lock = DAGFS_TRY(lock_repo(canonical));
  DAGFS_TRY(make_folder(canonical + "/registry"));
  DAGFS_TRY(make_folder(canonical + "/index"));
  UniqueFd database_lock = DAGFS_TRY(lock_database(canonical + "/registry"));
  return Repo(canonical, std::move(lock), std::move(database_lock));
}

}  // namespace dagfs::dagstore
