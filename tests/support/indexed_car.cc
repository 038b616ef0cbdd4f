// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/indexed_car.h"

#include <cstdlib>
#include <iostream>
#include <utility>

namespace dagfs::tests {
namespace {

// What `write` wrote to a descriptor.
template <typename Write>
Result<Bytes> written_bytes(Write write) {
  UniqueFd fd = DAGFS_TRY(create_temporary_file());
  DAGFS_TRY(write(fd.get()));
  const auto file = DAGFS_TRY(PosixFile::adopt(std::move(fd)));
  Bytes bytes(file->size());
  DAGFS_TRY(file->read_at(0, bytes));
  return bytes;
}

}  // namespace

std::unique_ptr<car::ReadOnlyBlockstore> IndexedCar::blockstore() const {
  return std::make_unique<car::ReadOnlyBlockstore>(file, header, index);
}

Result<IndexedCar> index_car(std::shared_ptr<const RandomAccessFile> file,
                             car::ZeroSection zero_section) {
  IndexedCar car;
  car.header = DAGFS_TRY(car::read_car_header(*file));
  const auto write = [&](int fd) -> Status {
    car.summary = DAGFS_TRY(
        car::build_index(*file, car.header, zero_section, fd, nullptr));
    return ok_status();
  };
  car.index_bytes = DAGFS_TRY(written_bytes(write));
  car.index = DAGFS_TRY(open_index(car.index_bytes));
  car.file = std::move(file);
  return car;
}

IndexedCar index_car(const CarBuilder& builder) {
  auto car = index_car(builder.file());
  if (car.ok()) return *std::move(car);
  std::cerr << "index_car: " << car.error().message() << '\n';
  std::abort();
}

Result<std::shared_ptr<const car::CarIndex>> open_index(Bytes index_bytes) {
  const std::uint64_t size = index_bytes.size();
  auto index = DAGFS_TRY(car::CarIndex::open(
      std::make_shared<MemoryFile>(std::move(index_bytes)), {0, size}));
  return std::shared_ptr<const car::CarIndex>(std::move(index));
}

}  // namespace dagfs::tests
