// SPDX-License-Identifier: Apache-2.0 OR MIT

// A CAR with the index that this project builds for it, ready to be read.

#pragma once

#include <memory>

#include "car/base/bytes.h"
#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/index_builder.h"
#include "car/read_only_blockstore.h"
#include "tests/support/car_builder.h"

namespace dagfs::tests {

struct IndexedCar {
  std::shared_ptr<const RandomAccessFile> file;
  car::CarHeader header;
  car::IndexSummary summary;
  Bytes index_bytes;
  std::shared_ptr<const car::CarIndex> index;

  std::unique_ptr<car::ReadOnlyBlockstore> blockstore() const;
};

// Indexes `file` as the dagstore would. Errors as read_car_header and
// build_index.
Result<IndexedCar> index_car(
    std::shared_ptr<const RandomAccessFile> file,
    car::ZeroSection zero_section = car::ZeroSection::kEndsData);

// The same for what a builder made, which must be a CAR: aborts otherwise.
IndexedCar index_car(const CarBuilder& builder);

// Opens `index_bytes` as they are. Errors as CarIndex::open.
Result<std::shared_ptr<const car::CarIndex>> open_index(Bytes index_bytes);

}  // namespace dagfs::tests
