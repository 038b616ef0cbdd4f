// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/repo.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "car/base/file.h"
#include "dagstore/durable_file.h"

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

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

Result<std::uint64_t> parse_version_line(std::string_view line) {
  const std::size_t equals = line.find('=');
  const bool is_version = equals != std::string_view::npos &&
                          trimmed(line.substr(0, equals)) == "version";
  if (!is_version) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("\"{}\" is no setting", line));
  }
  const std::string_view value = trimmed(line.substr(equals + 1));
  std::uint64_t version = 0;
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("version \"{}\" is no number", value));
  }
  return version;
}

// The file is TOML, of which one line is ours; a TOML parser would be a package
// for that line.
Result<std::uint64_t> parse_settings(std::string_view text) {
  std::optional<std::uint64_t> version;
  while (!text.empty()) {
    const std::size_t line_end = text.find('\n');
    std::string_view line = text.substr(0, line_end);
    text = line_end == std::string_view::npos ? std::string_view()
                                              : text.substr(line_end + 1);
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::uint64_t value = DAGFS_TRY(parse_version_line(line));
    if (version.has_value()) {
      return Error(ErrorCode::kCorrupt, "version is set twice");
    }
    version = value;
  }
  if (!version.has_value()) {
    return Error(ErrorCode::kCorrupt, "no version is set");
  }
  return *version;
}

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
  const auto version = DAGFS_TRY_CONTEXT(parse_settings(text), path);
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
  return fmt::format("process {}", trimmed(line.substr(0, line.find('\n'))));
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
  for (const auto& entry :
       std::filesystem::directory_iterator(folder, failure)) {
    const std::string name = entry.path().filename().string();
    if (name == temporary_name(kSettingsName)) continue;
    if (name == kSettingsName) {
      return Error(ErrorCode::kInvalidArgument,
                   folder + ": there is a dagfs repo already");
    }
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
