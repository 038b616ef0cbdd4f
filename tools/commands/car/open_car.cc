// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/open_car.h"

namespace dagfs::tools {
Status OpenCar::check_unchanged() const {
  if (DAGFS_TRY_CONTEXT(file->stamp(), path) == stamp) return ok_status();
  return Error(ErrorCode::kStale, path + ": was written to meanwhile");
}

Result<std::shared_ptr<const RandomAccessFile>> open_input(
    const std::string& path) {
  Result<std::unique_ptr<PosixFile>> file = PosixFile::open(path);
  if (!file.ok()) return Error(ErrorCode::kNotFound, file.error().message());
  return std::shared_ptr<const RandomAccessFile>(std::move(file).value());
}

Result<BuiltIndex> build_unnamed_index(const RandomAccessFile& file,
                                       const car::CarHeader& header) {
  UniqueFd fd = DAGFS_TRY(create_temporary_file());
  BuiltIndex built;
  built.summary = DAGFS_TRY(car::build_index(
      file, header, car::ZeroSection::kEndsData, fd.get(), nullptr));
  std::shared_ptr<const RandomAccessFile> index_file =
      DAGFS_TRY(PosixFile::adopt(std::move(fd)));
  const std::uint64_t size = index_file->size();
  built.index = DAGFS_TRY(
      car::CarIndex::open(std::move(index_file), {.offset = 0, .size = size}));
  return built;
}

Result<OpenCar> open_car(const std::string& path) {
  OpenCar car;
  car.path = path;
  car.file = DAGFS_TRY(open_input(path));
  car.stamp = DAGFS_TRY_CONTEXT(car.file->stamp(), path);
  car.header = DAGFS_TRY_CONTEXT(car::read_car_header(*car.file), path);
  BuiltIndex built =
      DAGFS_TRY_CONTEXT(build_unnamed_index(*car.file, car.header), path);
  car.summary = built.summary;
  car.index = std::move(built.index);
  car.blocks = std::make_unique<car::ReadOnlyBlockstore>(car.file, car.header,
                                                         car.index);
  return car;
}

}  // namespace dagfs::tools
