// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/ingester.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "car/base/file.h"
#include "car/car_adopter.h"
#include "dagstore/ingest/car_intake.h"
#include "dagstore/ingest/file_stream.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kCopyName = "copy.car";
constexpr std::size_t kCopyStep = std::size_t{1} << 20;

// The regular file at `path` if it begins as a CAR does.
Result<std::optional<UniqueFd>> open_car(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR) {
      return Error(ErrorCode::kNotFound, path + ": no such file or directory");
    }
    return error_from_errno(reason, path);
  }
  if (!S_ISREG(status.st_mode)) return std::optional<UniqueFd>();
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return error_from_errno(errno, path);
  Bytes head(car::kSniffedHeaderSize);
  const ssize_t count = ::pread(fd.get(), head.data(), head.size(), 0);
  if (count < 0) return error_from_errno(errno, path);
  head.resize(static_cast<std::size_t>(count));
  if (car::looks_like_car(head) != car::CarSign::kCar) {
    return std::optional<UniqueFd>();
  }
  return std::optional<UniqueFd>(std::move(fd));
}

// Tells how far it is, and whether to go on.
Status advance(const car::TreeImportOptions& options, std::uint64_t bytes) {
  if (options.stop.stop_requested()) {
    return Error(ErrorCode::kUnavailable, "stopped");
  }
  if (options.progress) options.progress({.bytes = bytes, .files = 1});
  return ok_status();
}

Result<std::uint64_t> size_of(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return error_from_errno(errno, path);
  return static_cast<std::uint64_t>(status.st_size);
}

Result<IngestedPath> take_car(UniqueFd fd, const std::string& path,
                              const car::TreeImportOptions& options,
                              car::HashPool* pool) {
  const std::uint64_t size = DAGFS_TRY(size_of(fd.get(), path));
  CarIntake intake(fd.get(), pool);
  for (std::uint64_t at = 0; at < size; at += kCopyStep) {
    DAGFS_TRY(advance(options, at));
    intake.advance(at);
  }
  WrittenPiece piece = DAGFS_TRY(intake.finish(size));
  if (::fsync(fd.get()) != 0) return error_from_errno(errno, path);
  return IngestedPath{std::move(piece), path};
}

Result<IngestedPath> copy_car(UniqueFd source, const std::string& path,
                              const std::string& copy,
                              const car::TreeImportOptions& options,
                              car::HashPool* pool) {
  const UniqueFd fd(
      ::open(copy.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, copy);
  CarIntake intake(fd.get(), pool);
  Bytes buffer(kCopyStep);
  std::uint64_t size = 0;
  while (true) {
    DAGFS_TRY(advance(options, size));
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_from_errno(errno, path);
    if (count == 0) break;
    const auto read = static_cast<std::size_t>(count);
    DAGFS_TRY(write_all(fd.get(), ByteView(buffer).first(read)));
    size += read;
    intake.advance(size);
  }
  WrittenPiece piece = DAGFS_TRY(intake.finish(size));
  if (::fsync(fd.get()) != 0) return error_from_errno(errno, copy);
  return IngestedPath{std::move(piece), copy};
}

}  // namespace

Result<IngestedPath> make_piece(const std::string& path,
                                const std::string& work, bool may_take,
                                const car::TreeImportOptions& options,
                                car::HashPool* pool) {
  std::optional<UniqueFd> car = DAGFS_TRY(open_car(path));
  if (car.has_value()) {
    return may_take
               ? take_car(*std::move(car), path, options, pool)
               : copy_car(*std::move(car), path,
                          work + '/' + std::string(kCopyName), options, pool);
  }
  std::string file = work + '/' + std::string(kPieceName);
  auto writer = DAGFS_TRY(PieceWriter::create(file, options.profile));
  const car::ImportedTree tree =
      DAGFS_TRY(car::import_tree(path, options, writer->sink(), pool));
  return IngestedPath{DAGFS_TRY(writer->finish(tree.root.cid)),
                      std::move(file)};
}

}  // namespace dagfs::dagstore
