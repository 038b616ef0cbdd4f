// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/piece_writer.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "car/base/read_write_file.h"
#include "car/base/unique_fd.h"
#include "car/header_room.h"

namespace dagfs::dagstore {

namespace {

// For any root that an import with `profile` can have.
std::uint64_t room_for(const car::ImportProfile& profile) {
  const bool is_usual =
      profile.hash == car::HashCode::kSha2_256 && !profile.inline_max;
  return is_usual ? car::kHeaderRoomUsual : car::kHeaderRoomLarge;
}

}  // namespace

void PieceWriter::Observer::patched(std::uint64_t offset, ByteView bytes) {
  Status status = hasher.patch(mount::UnpaddedOffset(offset), bytes);
  if (patch_status.ok()) patch_status = std::move(status);
}

Result<std::unique_ptr<PieceWriter>> PieceWriter::create(
    const std::string& path, const car::ImportProfile& profile) {
  UniqueFd fd(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, path);
  auto file = DAGFS_TRY(PosixReadWriteFile::adopt(std::move(fd)));
  std::unique_ptr<PieceWriter> writer(new PieceWriter);
  writer->observer_ = std::make_unique<Observer>();
  writer->store_ = DAGFS_TRY_CONTEXT(
      car::ReadWriteBlockstore::create(std::move(file),
                                       {.header_room = room_for(profile),
                                        .observer = writer->observer_.get()}),
      path);
  return writer;
}

Result<WrittenPiece> PieceWriter::finish(const car::Cid& root) {
  const car::FinishedCar car = DAGFS_TRY(store_->finish({root}));
  DAGFS_TRY(std::move(observer_->patch_status));
  return WrittenPiece{.commitment = DAGFS_TRY(observer_->hasher.finish()),
                      .roots = {root},
                      .car_size = car.file_size,
                      .block_count = car.block_count};
}

}  // namespace dagfs::dagstore
